"""Transactions: what must be hidden is hidden, enough of them overlapped the fault; seen to pass and to fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.checkers.transactions import aborted, hidden, overlap
from harness.ops import Op, OpType
from harness.runclock import NS_PER_S
from harness.verdict import Verdict

UNCOMMITTED = {"isolation": "read_uncommitted"}


def op(
    type: OpType, f: str, value: object, *, process: int = 0, at_s: float = 0, extra: Mapping[str, object] | None = None
) -> Op:
    return Op(0, int(at_s * NS_PER_S), process, type, f, value, extra or {})


def wrote(outcome: OpType, *values: str) -> list[Op]:
    sends = [["send", "orders-0", value] for value in values]
    ended = [["send", "orders-0", [offset, value]] for offset, value in enumerate(values)]
    return [op(OpType.INVOKE, "txn", [["poll"], *sends]), op(outcome, "txn", [["poll"], *ended])]


def read(*values: str, extra: Mapping[str, object] | None = None, f: str = "poll") -> Op:
    return op(OpType.OK, f, [["poll", {"orders-0": list(enumerate(values))}], ["poll"]], extra=extra)


HISTORY = [*wrote(OpType.OK, "a", "b"), *wrote(OpType.FAIL, "x", "y"), *wrote(OpType.INFO, "m")]
ABORTED = frozenset({("orders-0", "x"), ("orders-0", "y")})


def verdict_of(*reads: Op, records: Iterable[tuple[str, str]] = ABORTED) -> Verdict:
    return hidden([*HISTORY, *reads], frozenset(records)).verdict


def test_what_surely_did_not_happen_is_known() -> None:
    assert aborted(HISTORY) == ABORTED


def test_what_only_a_reader_of_everything_was_given_is_hidden() -> None:
    assert verdict_of(read("a", "b"), read("a", "b", "x", "y", extra=UNCOMMITTED)) is Verdict.PASS


def test_what_a_reader_of_what_is_committed_was_given_is_not() -> None:
    everything = read("a", "b", "x", "y", extra=UNCOMMITTED)
    judged = hidden([*HISTORY, everything, read("a", "x")], ABORTED)
    assert judged.verdict is Verdict.FAIL
    assert [finding.what for finding in judged.findings] == ["orders-0: 'x' was shown"]
    assert verdict_of(everything, read("y", f="txn")) is Verdict.FAIL


def test_what_is_not_known_to_be_in_the_log_is_hidden_without_merit() -> None:
    assert verdict_of(read("a", "b")) is Verdict.INCONCLUSIVE
    assert verdict_of(read("a"), read("a", "x", extra=UNCOMMITTED)) is Verdict.INCONCLUSIVE
    assert verdict_of(read("a", "x", "y", extra=UNCOMMITTED)) is Verdict.INCONCLUSIVE
    assert verdict_of(read("a"), records=()) is Verdict.INCONCLUSIVE


def test_transactions_that_were_under_way_during_the_fault_overlap_it() -> None:
    ops = [
        op(OpType.INVOKE, "txn", [], process=1, at_s=1),  # ends within
        op(OpType.INVOKE, "txn", [], process=2, at_s=2),  # ends before
        op(OpType.INVOKE, "txn", [], process=3, at_s=3),  # never ends
        op(OpType.OK, "txn", [], process=2, at_s=4),
        op(OpType.OK, "txn", [], process=1, at_s=6),
        op(OpType.INVOKE, "txn", [], process=1, at_s=9),  # begins after
        op(OpType.OK, "poll", [], process=4, at_s=6),
    ]
    assert overlap(ops, from_s=5, until_s=8, at_least=2).verdict is Verdict.PASS
    judged = overlap(ops, from_s=5, until_s=8, at_least=3)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.reason == "2 transactions overlapped the fault, 3 are needed"
