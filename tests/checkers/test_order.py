"""order: the smallest disorder of a producer and of a consumer is found; holes and other clients are no disorder."""

from __future__ import annotations

from harness.checkers import order
from harness.ops import History, OpType
from harness.verdict import Judgement, Verdict
from tests.checkers.made import history, read, send


def anomalies(judged: Judgement) -> list[str]:
    return [finding.anomaly for finding in judged.findings]


def test_a_later_send_that_lands_earlier_is_out_of_order() -> None:
    sends = [send("a", 5, sequence=0), send("b", 4, sequence=1)]
    judged = order.check(history(sends=sends, reads=[read("b", 4), read("a", 5)]))
    assert (judged.verdict, anomalies(judged)) == (Verdict.FAIL, ["nonmonotonic-send"])
    assert judged.findings[0].evidence["offset"] == 4


def test_sends_are_compared_in_the_order_of_their_invocation_not_of_their_answers() -> None:
    sends = [send("b", 1, sequence=1), send("a", 0, sequence=0)]
    assert order.check(history(sends=sends, reads=[read("a", 0)])).verdict is Verdict.PASS


def test_two_producers_or_two_partitions_owe_each_other_no_order() -> None:
    other_process = [send("a", 5), send("b", 4, sequence=1, process=1)]
    other_key = [send("a", 5), send("b", 4, sequence=1, key="orders-1")]
    for sends in (other_process, other_key):
        assert order.check(history(sends=sends, reads=[read("a", 5)])).verdict is Verdict.PASS


def test_sends_that_failed_or_are_unknown_have_no_place() -> None:
    unplaced = [send("b", None, sequence=1, outcome=OpType.INFO), send("c", None, sequence=2)]
    sends = [send("a", 5), *unplaced, send("d", 6, sequence=3)]
    assert order.check(history(sends=sends, reads=[read("a", 5)])).verdict is Verdict.PASS


def poll(*offsets: int, process: int | str = 7, present: tuple[int, ...] = (0, 1, 2, 3)) -> Judgement:
    """Judge a consumer that was given these offsets of a partition that has the present ones."""
    reads = [read(str(offset), offset, process=process) for offset in offsets]
    everything = [read(str(offset), offset) for offset in present]
    return order.check(history(sends=[send("0", 0)], reads=[*reads, *everything]))


def test_a_consumer_that_goes_back_is_out_of_order() -> None:
    assert anomalies(poll(0, 1, 0)) == ["nonmonotonic-poll"]


def test_a_consumer_that_is_given_a_record_twice_is_out_of_order() -> None:
    assert anomalies(poll(0, 1, 1, 2)) == ["nonmonotonic-poll"]


def test_a_consumer_that_misses_a_record_in_between_skips() -> None:
    judged = poll(0, 1, 3)
    assert anomalies(judged) == ["poll-skip"]
    assert judged.findings[0].what == "orders-0: process 7 was given 3 after 1"


def test_a_consumer_may_begin_anywhere_and_stop_anywhere() -> None:
    assert poll(1, 2).verdict is Verdict.PASS


def test_a_hole_that_nobody_ever_saw_filled_is_no_skip() -> None:
    assert poll(0, 3, present=(0, 3)).verdict is Verdict.PASS


def test_a_hole_is_no_skip_without_a_final_read_either() -> None:
    reads = [read("0", 0, process=7), read("3", 3, process=7)]
    judged = order.check(History(sends=(send("0", 0),), reads=tuple(reads)))
    assert judged.verdict is Verdict.PASS


def test_what_is_jumped_over_is_known_from_anyone_who_saw_it() -> None:
    jump = [read("0", 0, process=7), read("2", 2, process=7)]
    by_another_reader = History(sends=(send("0", 0),), reads=(*jump, read("1", 1, process=8)))
    by_its_producer = History(sends=(send("0", 0), send("1", 1, sequence=1)), reads=tuple(jump))
    for seen in (by_another_reader, by_its_producer):
        assert anomalies(order.check(seen)) == ["poll-skip"]


def test_two_consumers_do_not_disturb_each_other() -> None:
    reads = [read("0", 0, process=7), read("1", 1, process=7), read("0", 0, process=8), read("1", 1, process=8)]
    assert order.check(history(sends=[send("0", 0)], reads=reads)).verdict is Verdict.PASS


def test_without_placed_sends_or_reads_nothing_can_be_said() -> None:
    assert order.check(history()).verdict is Verdict.INCONCLUSIVE
    assert order.check(history(sends=[send("a", 0)])).reason == "nothing was read"
    assert order.check(history(sends=[send("a", None)], reads=[read("a", 0)])).verdict is Verdict.INCONCLUSIVE
