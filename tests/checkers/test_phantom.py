"""phantom-read and aborted-read: what nobody wrote, or what was surely not written, must not be read."""

from __future__ import annotations

import pytest

from harness.checkers import phantom
from harness.ops import OpType
from harness.verdict import Verdict
from tests.checkers.made import history, read, send


def test_a_value_that_nobody_sent_is_a_phantom() -> None:
    judged = phantom.check(history(sends=[send("a", 0)], reads=[read("a", 0), read("b", 1)]))
    assert judged.verdict is Verdict.FAIL
    assert [finding.what for finding in judged.findings] == ["orders-0: offset 1 holds 'b', but nobody sent it"]


def test_a_value_that_was_sent_to_another_partition_is_a_phantom() -> None:
    judged = phantom.check(history(sends=[send("a", 0)], reads=[read("a", 0, key="orders-1")]))
    assert judged.verdict is Verdict.FAIL


def test_a_value_whose_send_surely_failed_is_an_aborted_read() -> None:
    judged = phantom.check(history(sends=[send("a", None, outcome=OpType.FAIL)], reads=[read("a", 0)]))
    assert [finding.anomaly for finding in judged.findings] == ["aborted-read"]


@pytest.mark.parametrize("outcome", [OpType.OK, OpType.INFO])
def test_a_value_that_was_or_may_have_been_written_may_be_read(outcome: OpType) -> None:
    judged = phantom.check(history(sends=[send("a", None, outcome=outcome)], reads=[read("a", 0)]))
    assert judged.verdict is Verdict.PASS


def test_a_phantom_that_only_one_reader_saw_counts() -> None:
    judged = phantom.check(history(sends=[send("a", 0)], reads=[read("b", 0, process=7), read("a", 0)]))
    assert judged.verdict is Verdict.FAIL


def test_without_reads_nothing_can_be_said() -> None:
    assert phantom.check(history()).verdict is Verdict.INCONCLUSIVE
    assert phantom.check(history(sends=[send("a", 0)])).verdict is Verdict.INCONCLUSIVE
