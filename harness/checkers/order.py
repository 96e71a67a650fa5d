"""order: a producer's records land in the order in which it sent them, and a consumer reads each partition upwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from harness.ops import History
from harness.verdict import Finding, Judgement, Verdict

NAME = "order"


def check(history: History) -> Judgement:
    """Judge nonmonotonic-send, and nonmonotonic-poll and poll-skip for consumers with fixed assignments."""
    placed = sum(send.offset is not None for send in history.acknowledged)
    if not placed or not history.reads:
        missing = "no acknowledged record has an offset" if not placed else "nothing was read"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=missing)
    findings = (*_sends_out_of_order(history), *_reads_out_of_order(history))
    measured = {"sends": placed, "reads": len(history.reads)}
    if findings:
        reason = f"{len(findings)} findings, the first: {findings[0].what}"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings[:20], measured=measured)
    reason = f"{placed} sends and {len(history.reads)} reads in order"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)


def _sends_out_of_order(history: History) -> Iterator[Finding]:
    last: dict[tuple[int, str], int] = {}
    for send in sorted(history.acknowledged, key=lambda send: send.sequence):
        if send.offset is None:
            continue
        before = last.get((send.process, send.key), -1)
        if send.offset <= before:
            yield Finding(
                anomaly="nonmonotonic-send",
                what=f"{send.key}: process {send.process} sent later and landed at {send.offset}, not behind {before}",
                evidence={"key": send.key, "process": send.process, "offset": send.offset, "before": before},
            )
        last[send.process, send.key] = send.offset


def _reads_out_of_order(history: History) -> Iterator[Finding]:
    following = _following(history)
    last: dict[tuple[int | str, str], int] = {}
    for read in history.reads:
        before = last.get((read.process, read.key))
        if before is not None:
            if read.offset <= before:
                yield _poll_finding("nonmonotonic-poll", read.key, read.process, before, read.offset)
            elif read.offset > following[read.key, before]:
                yield _poll_finding("poll-skip", read.key, read.process, before, read.offset)
        last[read.process, read.key] = read.offset


def _following(history: History) -> dict[tuple[str, int], int]:
    """Map each offset at which anybody saw a record to the next one; holes hold control records or aborted ones."""
    seen: dict[str, set[int]] = defaultdict(set)
    for read in history.reads:
        seen[read.key].add(read.offset)
    for send in history.acknowledged:
        if send.offset is not None:
            seen[send.key].add(send.offset)
    return {(key, here): there for key, offsets in seen.items() for here, there in pairwise(sorted(offsets))}


def _poll_finding(anomaly: str, key: str, process: int | str, before: int, offset: int) -> Finding:
    return Finding(
        anomaly=anomaly,
        what=f"{key}: process {process} was given {offset} after {before}",
        evidence={"key": key, "process": process, "before": before, "offset": offset},
    )
