"""duplicate and inconsistent-offsets: the smallest case of each is found, and reading twice is neither."""

from __future__ import annotations

from harness.checkers import duplicate
from harness.verdict import Verdict
from tests.checkers.made import history, read, send


def test_one_value_at_two_offsets_is_a_duplicate() -> None:
    judged = duplicate.check(history(reads=[read("a", 0), read("a", 1)]))
    assert judged.verdict is Verdict.FAIL
    assert judged.findings[0].anomaly == "duplicate"
    assert judged.findings[0].evidence == {"key": "orders-0", "value": "a", "offsets": [0, 1]}


def test_a_value_that_is_read_at_another_offset_than_was_acknowledged_is_a_duplicate() -> None:
    assert duplicate.check(history(sends=[send("a", 3)], reads=[read("a", 4)])).verdict is Verdict.FAIL


def test_one_offset_with_two_values_is_inconsistent() -> None:
    judged = duplicate.check(history(reads=[read("a", 0, process=7), read("b", 0)]))
    assert judged.verdict is Verdict.FAIL
    assert judged.findings[0].anomaly == "inconsistent-offsets"
    assert judged.findings[0].evidence["values"] == ["a", "b"]


def test_an_acknowledged_offset_that_holds_another_value_is_inconsistent() -> None:
    judged = duplicate.check(history(sends=[send("a", 0)], reads=[read("b", 0)]))
    assert [finding.anomaly for finding in judged.findings] == ["inconsistent-offsets"]


def test_the_same_record_may_be_read_by_many() -> None:
    judged = duplicate.check(history(sends=[send("a", 0)], reads=[read("a", 0, process=7), read("a", 0)]))
    assert (judged.verdict, judged.reason) == (Verdict.PASS, "1 values, each at one offset")


def test_the_same_value_in_two_partitions_is_two_records() -> None:
    assert duplicate.check(history(reads=[read("a", 0), read("a", 0, key="orders-1")])).verdict is Verdict.PASS


def test_an_acknowledgement_without_an_offset_contradicts_nothing() -> None:
    assert duplicate.check(history(sends=[send("a", None)], reads=[read("a", 9)])).verdict is Verdict.PASS


def test_without_reads_nothing_can_be_said() -> None:
    assert duplicate.check(history()).verdict is Verdict.INCONCLUSIVE
    assert duplicate.check(history(sends=[send("a", 0)])).verdict is Verdict.INCONCLUSIVE
