"""unseen: a record was acknowledged, but the final read of everything does not have it."""

from __future__ import annotations

from harness.ops import History
from harness.verdict import Finding, Judgement, Verdict

NAME = "unseen"


def check(history: History) -> Judgement:
    """Judge that every acknowledged record is in the final read; without either there is nothing to judge."""
    if not history.acknowledged or not history.final_reads:
        missing = "no record was acknowledged" if not history.acknowledged else "there was no final read"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=missing)
    present = {(read.key, read.value) for read in history.final_reads}
    lost = [send for send in history.acknowledged if (send.key, send.value) not in present]
    findings = tuple(
        Finding(
            anomaly=NAME,
            what=f"{send.key}: offset {send.offset} was acknowledged and is not there",
            evidence={"key": send.key, "offset": send.offset, "value": send.value, "process": send.process},
        )
        for send in lost[:20]
    )
    measured = {"acknowledged": len(history.acknowledged), "lost": len(lost)}
    if lost:
        reason = f"{len(lost)} of {len(history.acknowledged)} acknowledged records are gone, the first in {lost[0].key}"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings, measured=measured)
    reason = f"all {len(history.acknowledged)} acknowledged records were read"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
