"""phantom-read and aborted-read: a value was read that nobody sent, or whose send surely failed."""

from __future__ import annotations

from harness.ops import History, OpType
from harness.verdict import Finding, Judgement, Verdict

NAME = "phantom-read"


def check(history: History) -> Judgement:
    """Judge that every value read was sent to that partition, by a send that did not surely fail."""
    if not history.reads:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason="nothing was read")
    sent = {(send.key, send.value): send.outcome for send in history.sends}
    findings = []
    for key, offset, value in sorted({(read.key, read.offset, read.value) for read in history.reads}):
        outcome = sent.get((key, value))
        if outcome is None or outcome is OpType.FAIL:
            anomaly, why = (NAME, "nobody sent it") if outcome is None else ("aborted-read", "its send failed")
            findings.append(
                Finding(
                    anomaly=anomaly,
                    what=f"{key}: offset {offset} holds {value!r}, but {why}",
                    evidence={"key": key, "offset": offset, "value": value},
                )
            )
    if findings:
        reason = f"{len(findings)} findings, the first: {findings[0].what}"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=tuple(findings[:20]))
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=f"each of {len(history.reads)} reads was sent")
