"""Guards: was enough done for a verdict to mean anything? Pure."""

from __future__ import annotations

from harness.ops import History
from harness.runclock import NS_PER_S
from harness.verdict import Judgement, Verdict

NAME = "enough-overlap"


def overlap(history: History, *, from_s: float, until_s: float, at_least: int) -> Judgement:
    """Judge that enough sends were in the air or begun during a fault; else the fault proved nothing."""
    start_ns, end_ns = from_s * NS_PER_S, until_s * NS_PER_S
    count = sum(
        send.invoked_ns <= end_ns and (send.ended_ns is None or send.ended_ns >= start_ns) for send in history.sends
    )
    measured = {"overlapping_sends": count, "needed": at_least}
    if count < at_least:
        reason = f"only {count} sends overlapped the fault, {at_least} are needed"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"{count} sends overlapped the fault"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
