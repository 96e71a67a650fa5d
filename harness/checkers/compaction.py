"""Compaction: the latest value of a key is never missing, older ones go, deleted keys go with their tombstones. Pure.

A snapshot is one whole read of a partition. It was taken some time between its first and its last answer, so a record
that it has was there when it began, and a record that it lacks was gone when it ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.checkers.retention import Written
from harness.verdict import Finding, Judgement, Verdict

MISSING, STALE = "compaction-lost-latest", "compaction-late"
TOMBSTONE_EARLY, TOMBSTONE_LATE = "tombstone-early", "tombstone-late"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Which offsets one whole read of the partition found."""

    began_s: float
    ended_s: float
    offsets: frozenset[int]


def latest_of(writes: Sequence[Written]) -> dict[str | None, Written]:
    """Return the write with the highest offset for each key; its value is None when it is a tombstone."""
    return {write.key: write for write in sorted(writes, key=lambda write: write.offset)}


def older_of(writes: Sequence[Written]) -> tuple[Written, ...]:
    """Return the writes that a later write with the same key replaced."""
    latest = {write.offset for write in latest_of(writes).values()}
    return tuple(write for write in writes if write.offset not in latest)


def superseded(writes: Sequence[Written]) -> tuple[tuple[Written, float], ...]:
    """Return each replaced write and when its successor was acknowledged, from when on it may and must go."""
    by_key: dict[str | None, list[Written]] = {}
    for write in sorted(writes, key=lambda write: write.offset):
        by_key.setdefault(write.key, []).append(write)
    return tuple((older, newer.acked_s) for row in by_key.values() for older, newer in pairwise(row))


def latest_survives(writes: Sequence[Written], snapshots: Sequence[Snapshot]) -> Judgement:
    """Judge that the latest value of every key that was not deleted is in every snapshot since it was written."""
    values = [write for write in latest_of(writes).values() if write.value is not None]
    pairs = [(write, snapshot) for write in values for snapshot in snapshots if snapshot.began_s >= write.acked_s]
    lacking = [(write, snapshot) for write, snapshot in pairs if write.offset not in snapshot.offsets]
    findings = tuple(
        _finding(MISSING, write, f"the latest value is missing from the read at {snapshot.ended_s:.2f} s")
        for write, snapshot in lacking
    )
    measured = {"keys": len(values), "snapshots": len(snapshots)}
    return _conclude(MISSING, findings, checked=len(pairs), measured=measured)


def older_goes(writes: Sequence[Written], snapshots: Sequence[Snapshot], *, bound_s: float, why: str) -> Judgement:
    """Judge that every replaced value was gone `bound_s` after its successor was acknowledged."""
    due = [(write, replaced_s + bound_s) for write, replaced_s in superseded(writes)]
    return _gone_by(STALE, due, snapshots, bound_s=bound_s, why=why)


def tombstones_go(
    writes: Sequence[Written], snapshots: Sequence[Snapshot], *, retention_s: float, bound_s: float, why: str
) -> tuple[Judgement, ...]:
    """Judge that every tombstone stayed for `retention_s` (delete.retention.ms) and was gone by `bound_s`."""
    tombstones = [write for write in latest_of(writes).values() if write.value is None]
    findings = tuple(
        _finding(TOMBSTONE_EARLY, write, f"gone at {snapshot.ended_s - write.sent_s:.2f} s of {retention_s:g} s")
        for write in tombstones
        for snapshot in snapshots
        if write.acked_s <= snapshot.began_s
        and snapshot.ended_s < write.sent_s + retention_s
        and write.offset not in snapshot.offsets
    )
    seen = [write for write in tombstones if any(write.offset in snapshot.offsets for snapshot in snapshots)]
    early = _conclude(TOMBSTONE_EARLY, findings, checked=len(seen), measured={"delete_retention_s": retention_s})
    due = [(write, write.acked_s + bound_s) for write in tombstones]
    return early, _gone_by(TOMBSTONE_LATE, due, snapshots, bound_s=bound_s, why=why)


def _gone_by(
    checker: str,
    due: Sequence[tuple[Written, float]],
    snapshots: Sequence[Snapshot],
    *,
    bound_s: float,
    why: str,
) -> Judgement:
    """Judge that no snapshot that began after a record's due moment has it, and that it was seen to be gone at all."""
    findings = tuple(_overdue(checker, due, snapshots, bound_s=bound_s, why=why))
    went = [write for write, _ in due if any(_lacks(snapshot, write) for snapshot in snapshots)]
    measured = {"records": len(due), "gone": len(went), "bound_s": round(bound_s, 3), "bound_why": why}
    if not findings and len(went) < len(due):
        reason = f"{len(due) - len(went)} of {len(due)} records were not watched until they had to be gone"
        return Judgement(checker=checker, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    return _conclude(checker, findings, checked=len(due) if snapshots else 0, measured=measured)


def _overdue(
    checker: str, due: Sequence[tuple[Written, float]], snapshots: Sequence[Snapshot], *, bound_s: float, why: str
) -> Iterator[Finding]:
    for write, due_s in due:
        late = [snapshot for snapshot in snapshots if snapshot.began_s > due_s and write.offset in snapshot.offsets]
        if late:
            over_s = late[-1].began_s - due_s
            yield _finding(checker, write, f"still there {over_s:.2f} s after the {bound_s:.2f} s allowed ({why})")


def _lacks(snapshot: Snapshot, write: Written) -> bool:
    return snapshot.began_s >= write.acked_s and write.offset not in snapshot.offsets


def _finding(anomaly: str, write: Written, what: str) -> Finding:
    return Finding(
        anomaly=anomaly,
        what=f"{write.place} key {write.key!r} offset {write.offset}: {what}",
        evidence={"place": write.place, "key": write.key, "value": write.value, "offset": write.offset},
    )


def _conclude(
    checker: str, findings: tuple[Finding, ...], *, checked: int, measured: Mapping[str, object]
) -> Judgement:
    measured = {**measured, "checked": checked, "wrong": len(findings)}
    if findings:
        reason = f"{len(findings)} findings, the first: {findings[0].what}"
        return Judgement(
            checker=checker, verdict=Verdict.FAIL, reason=reason, findings=findings[:20], measured=measured
        )
    if not checked:
        return Judgement(
            checker=checker, verdict=Verdict.INCONCLUSIVE, reason="nothing was observed to judge by", measured=measured
        )
    return Judgement(checker=checker, verdict=Verdict.PASS, reason=f"{checked} observations hold", measured=measured)
