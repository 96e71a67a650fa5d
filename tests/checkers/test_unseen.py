"""unseen: the smallest loss is found, and what only looks like one is not."""

from __future__ import annotations

from harness.checkers import unseen
from harness.ops import OpType
from harness.verdict import Verdict
from tests.checkers.made import history, read, send


def test_an_acknowledged_record_that_the_final_read_has_not_is_lost() -> None:
    judged = unseen.check(history(sends=[send("a", 0), send("b", 1, sequence=1)], reads=[read("a", 0)]))
    assert judged.verdict is Verdict.FAIL
    assert [finding.evidence["value"] for finding in judged.findings] == ["b"]
    assert judged.reason == "1 of 2 acknowledged records are gone, the first in orders-0"
    assert judged.measured == {"acknowledged": 2, "lost": 1}


def test_a_record_that_another_reader_saw_and_the_final_read_has_not_is_lost_too() -> None:
    judged = unseen.check(history(sends=[send("a", 0), send("b", 1)], reads=[read("b", 1, process=7), read("a", 0)]))
    assert judged.verdict is Verdict.FAIL


def test_the_same_value_in_another_partition_does_not_make_up_for_it() -> None:
    judged = unseen.check(history(sends=[send("a", 0)], reads=[read("a", 0, key="orders-1")]))
    assert judged.verdict is Verdict.FAIL


def test_a_record_whose_fate_nobody_knows_may_be_missing() -> None:
    sends = [send("a", 0), send("b", None, outcome=OpType.INFO), send("c", None, outcome=OpType.FAIL)]
    assert unseen.check(history(sends=sends, reads=[read("a", 0)])).verdict is Verdict.PASS


def test_a_record_that_is_acknowledged_without_an_offset_must_be_there() -> None:
    assert unseen.check(history(sends=[send("a", None)], reads=[read("a", 5)])).verdict is Verdict.PASS
    assert unseen.check(history(sends=[send("a", None)], reads=[read("b", 5)])).verdict is Verdict.FAIL


def test_without_acknowledgements_or_a_final_read_nothing_can_be_said() -> None:
    nothing = unseen.check(history())
    unread = unseen.check(history(sends=[send("a", 0)], reads=[read("a", 0, process=7)]))
    unacknowledged = unseen.check(history(sends=[send("a", None, outcome=OpType.INFO)], reads=[read("a", 0)]))
    assert {nothing.verdict, unread.verdict, unacknowledged.verdict} == {Verdict.INCONCLUSIVE}
    assert unread.reason == "there was no final read"
    assert unacknowledged.reason == "no record was acknowledged"


def test_many_losses_are_counted_and_the_first_are_shown() -> None:
    judged = unseen.check(history(sends=[send(str(n), n) for n in range(50)], reads=[read("other", 99)]))
    assert (judged.measured["lost"], len(judged.findings)) == (50, 20)
