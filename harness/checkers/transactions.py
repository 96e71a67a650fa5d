"""transactions: were enough of them under way, and does what must stay hidden stay hidden?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.ops import Op, OpType
from harness.runclock import NS_PER_S
from harness.verdict import Finding, Judgement, Verdict

HIDDEN = "hidden-records"
OVERLAP = "transactions-overlap"

Record = tuple[str, str]
"""Key and value."""


def aborted(ops: Iterable[Op]) -> frozenset[Record]:
    """Return what was written by transactions that surely did not happen."""
    return frozenset(
        (micro[1], micro[2][1] if isinstance(micro[2], list | tuple) else micro[2])
        for op in ops
        if op.f == "txn" and op.type is OpType.FAIL
        for micro in op.value  # type: ignore[attr-defined]
        if micro[0] == "send"
    )


def hidden(ops: Sequence[Op], records: frozenset[Record]) -> Judgement:
    """Judge that nobody who reads what is committed was ever given one of these records.

    All of them must be in the log, where a final reader of everything has found them: what was never written is hidden
    without anybody's merit.
    """
    seen = frozenset(_reads(ops, committed=True))
    shown, written = records & seen, records & frozenset(_reads(ops, committed=False))
    findings = tuple(
        Finding(anomaly="aborted-read", what=f"{key}: {value!r} was shown", evidence={"key": key, "value": value})
        for key, value in sorted(shown)[:20]
    )
    if findings:
        verdict, reason = Verdict.FAIL, f"{len(shown)} of {len(records)} records that must be hidden were shown"
    elif not seen or not records or written < records:
        verdict = Verdict.INCONCLUSIVE
        reason = f"{len(written)} of {len(records)} records are known to be in the log, {len(seen)} were read"
    else:
        verdict, reason = Verdict.PASS, f"{len(records)} records are in the log and were shown to nobody"
    return Judgement(checker=HIDDEN, verdict=verdict, reason=reason, findings=findings)


def _reads(ops: Iterable[Op], *, committed: bool) -> Iterator[Record]:
    for op in ops:
        if op.f in ("poll", "txn") and op.type is not OpType.INVOKE and committed == ("isolation" not in op.extra):
            for micro in op.value:  # type: ignore[attr-defined]
                if micro[0] == "poll" and len(micro) > 1:
                    yield from ((key, value) for key, places in micro[1].items() for _, value in places)


def overlap(ops: Iterable[Op], *, from_s: float, until_s: float, at_least: int) -> Judgement:
    """Judge that enough transactions were under way or begun during a fault; else the fault proved nothing."""
    begun: dict[int | str, int] = {}
    count = 0
    for op in ops:
        if op.f == "txn" and op.type is OpType.INVOKE:
            begun[op.process] = op.time_ns
        elif op.f == "txn":
            count += begun.pop(op.process) <= until_s * NS_PER_S and op.time_ns >= from_s * NS_PER_S
    count += sum(time_ns <= until_s * NS_PER_S for time_ns in begun.values())
    enough = count >= at_least
    return Judgement(
        checker=OVERLAP,
        verdict=Verdict.PASS if enough else Verdict.INCONCLUSIVE,
        reason=f"{count} transactions overlapped the fault" + ("" if enough else f", {at_least} are needed"),
        measured={"overlapping_transactions": count, "needed": at_least},
    )
