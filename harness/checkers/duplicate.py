"""duplicate: one value stands at two offsets; and its twin, inconsistent-offsets: one offset holds two values."""

from __future__ import annotations

from collections import defaultdict

from harness.ops import History
from harness.verdict import Finding, Judgement, Verdict

NAME = "duplicate"


def check(history: History) -> Judgement:
    """Judge that every value has one offset and every offset one value, over all reads and acknowledgements."""
    seen = [(read.key, read.offset, read.value) for read in history.reads]
    seen += [(send.key, send.offset, send.value) for send in history.acknowledged if send.offset is not None]
    if not history.reads:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason="nothing was read")
    offsets: dict[tuple[str, str], set[int]] = defaultdict(set)
    values: dict[tuple[str, int], set[str]] = defaultdict(set)
    for key, offset, value in seen:
        offsets[key, value].add(offset)
        values[key, offset].add(value)
    twice = [
        Finding(
            anomaly=NAME,
            what=f"{key}: {value!r} stands at offsets {sorted(where)}",
            evidence={"key": key, "value": value, "offsets": sorted(where)},
        )
        for (key, value), where in offsets.items()
        if len(where) > 1
    ]
    torn = [
        Finding(
            anomaly="inconsistent-offsets",
            what=f"{key}: offset {offset} holds {sorted(what)}",
            evidence={"key": key, "offset": offset, "values": sorted(what)},
        )
        for (key, offset), what in values.items()
        if len(what) > 1
    ]
    findings = (*torn, *twice)
    measured = {"values": len(offsets), "duplicates": len(twice), "inconsistent_offsets": len(torn)}
    if findings:
        reason = f"{len(findings)} findings, the first: {findings[0].what}"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings[:20], measured=measured)
    reason = f"{len(offsets)} values, each at one offset"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
