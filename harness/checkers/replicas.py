"""replicas: the segment files of all replicas of a partition have the same content."""

from __future__ import annotations

from collections.abc import Mapping

from harness.verdict import Finding, Judgement, Verdict

NAME = "replicas"
DIVERGED = "diverged-replicas"
Digests = Mapping[str, Mapping[str, Mapping[str, str]]]
"""partition -> replica -> segment file -> SHA-256."""


def agree(digests: Digests) -> bool:
    """Say whether every partition's replicas hold the same files with the same content."""
    return all(len({tuple(sorted(files.items())) for files in held.values()}) == 1 for held in digests.values())


def check(digests: Digests) -> Judgement:
    """Judge that the replicas of each partition are equal; a partition without any file shows nothing."""
    if not digests or any(len(held) < 2 for held in digests.values()):
        reason = "there were no two replicas to compare"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason)
    empty = [key for key, held in digests.items() if not any(held.values())]
    if empty:
        reason = f"no replica of {', '.join(sorted(empty))} has a segment file"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason)
    findings = tuple(
        Finding(
            anomaly=DIVERGED,
            what=f"{key}: the replicas differ",
            evidence={"key": key, "digests": {replica: dict(files) for replica, files in held.items()}},
        )
        for key, held in digests.items()
        if not agree({key: held})
    )
    files = sum(len(next(iter(held.values()))) for held in digests.values())
    measured = {"partitions": len(digests), "segment_files": files}
    if findings:
        reason = f"{len(findings)} of {len(digests)} partitions differ between replicas: {findings[0].what}"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings, measured=measured)
    reason = f"{files} segment files of {len(digests)} partitions are equal on every replica"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
