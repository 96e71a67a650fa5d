"""Segments on disk: every replica keeps to a size limit from above and below, and deleted files really go. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.verdict import Finding, Judgement, Verdict

SIZE, FREED = "retention-size", "disk-freed"
DELETED = ".deleted"
LOG = ".log"


@dataclass(frozen=True, kw_only=True)
class SegmentFile:
    """One file in a replica's folder of a partition."""

    name: str
    size_bytes: int


Replicas = Mapping[str, Sequence[SegmentFile]]
"""The files of one partition on each broker, by the broker's pod."""


def log_bytes(files: Sequence[SegmentFile]) -> int:
    """Return how many bytes the log itself has; what waits for its deletion is no longer part of it."""
    return sum(log_segments(files))


def log_segments(files: Sequence[SegmentFile]) -> tuple[int, ...]:
    """Return the sizes of the log's segments: one that is far too large tells of a replica without its settings."""
    return tuple(file.size_bytes for file in files if file.name.endswith(LOG))


def deleted_names(files: Sequence[SegmentFile]) -> tuple[str, ...]:
    """Return the files that are marked as deleted and still take up space."""
    return tuple(file.name for file in files if file.name.endswith(DELETED))


def size_kept(replicas: Replicas, *, retention_bytes: int, segment_bytes: int, written_bytes: int) -> Judgement:
    """Judge that each replica has kept at least `retention_bytes`, and less than one more segment than that.

    Retention takes whole segments, and never one without which less than the limit would be left.
    """
    segments = {pod: log_segments(files) for pod, files in replicas.items()}
    sizes = {pod: sum(of_pod) for pod, of_pod in segments.items()}
    measured = {
        "log_bytes": sizes,
        "segments": segments,
        "written_bytes": written_bytes,
        "retention_bytes": retention_bytes,
        "segment_bytes": segment_bytes,
    }
    if not sizes or written_bytes < retention_bytes + 2 * segment_bytes:
        missing = "no replica was looked at" if not sizes else f"only {written_bytes} bytes were written"
        return Judgement(checker=SIZE, verdict=Verdict.INCONCLUSIVE, reason=missing, measured=measured)
    most = retention_bytes + segment_bytes
    findings = tuple(
        Finding(
            anomaly="retention-early" if size < retention_bytes else "retention-late",
            what=f"{pod} has {size} bytes in {len(segments[pod])} segments, promised are {retention_bytes} to {most}",
            evidence={"pod": pod, "log_bytes": size, "segments": segments[pod]},
        )
        for pod, size in sizes.items()
        if not retention_bytes <= size < most
    )
    return _conclude(
        SIZE, findings, good=f"{len(sizes)} replicas keep between {retention_bytes} and {most} bytes", measured=measured
    )


def freed(before: Replicas, after: Replicas, *, expected_freed_bytes: int) -> Judgement:
    """Judge that every replica has at least `expected_freed_bytes` less than before, and no file waits for deletion."""
    used = {pod: (_used(files), _used(after.get(pod, ()))) for pod, files in before.items()}
    measured: dict[str, object] = {
        "bytes_before": {pod: pair[0] for pod, pair in used.items()},
        "bytes_after": {pod: pair[1] for pod, pair in used.items()},
        "expected_freed_bytes": expected_freed_bytes,
    }
    unseen = sorted(pod for pod, (used_before, _) in used.items() if used_before < expected_freed_bytes)
    if not before or set(before) != set(after) or unseen:
        reason = f"the same replicas were not seen full and again later: full {sorted(before)}, later {sorted(after)}"
        if unseen:
            reason = f"these replicas were not seen full before: {', '.join(unseen)}"
        return Judgement(checker=FREED, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    findings = [
        Finding(anomaly=FREED, what=f"{pod} has {then} bytes after {first} before", evidence={"pod": pod})
        for pod, (first, then) in used.items()
        if first - then < expected_freed_bytes
    ]
    findings += [
        Finding(anomaly=FREED, what=f"{pod} still has {', '.join(names[:3])}", evidence={"pod": pod, "files": names})
        for pod, names in ((pod, deleted_names(files)) for pod, files in after.items())
        if names
    ]
    good = f"{len(used)} replicas freed {expected_freed_bytes} bytes or more"
    return _conclude(FREED, tuple(findings), good=good, measured=measured)


def emptied(replicas: Replicas) -> Judgement:
    """Judge that no replica has a byte of the log or a file that waits for deletion."""
    left = {pod: (log_bytes(files), deleted_names(files)) for pod, files in replicas.items()}
    measured = {"log_bytes": {pod: size for pod, (size, _) in left.items()}}
    if not left:
        return Judgement(
            checker=FREED, verdict=Verdict.INCONCLUSIVE, reason="no replica was looked at", measured=measured
        )
    findings = tuple(
        Finding(
            anomaly=FREED,
            what=f"{pod} still has {size} log bytes and {len(names)} deleted files",
            evidence={"pod": pod, "files": list(names)},
        )
        for pod, (size, names) in left.items()
        if size or names
    )
    return _conclude(FREED, findings, good=f"{len(left)} replicas are empty", measured=measured)


def _used(files: Sequence[SegmentFile]) -> int:
    return sum(file.size_bytes for file in files if file.name.endswith((LOG, LOG + DELETED)))


def _conclude(checker: str, findings: tuple[Finding, ...], *, good: str, measured: Mapping[str, object]) -> Judgement:
    if findings:
        reason = f"{len(findings)} findings, the first: {findings[0].what}"
        return Judgement(checker=checker, verdict=Verdict.FAIL, reason=reason, findings=findings, measured=measured)
    return Judgement(checker=checker, verdict=Verdict.PASS, reason=good, measured=measured)
