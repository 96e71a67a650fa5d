"""Guards: was enough done for a verdict to mean anything? Pure."""

from __future__ import annotations

from harness.histories.history import History
from harness.histories.pace import sending_ns
from harness.runclock import NS_PER_S
from harness.verdict import Judgement, Verdict

NAME = "enough-overlap"


def overlap(history: History, *, from_s: float, until_s: float, at_least: int) -> Judgement:
    """Judge that enough sends were in the air or begun during a fault; else the fault proved nothing."""
    begun_ns, ended_ns = sending_ns(history)
    count = int(((begun_ns <= until_s * NS_PER_S) & (ended_ns >= from_s * NS_PER_S)).sum())
    measured = {"overlapping_sends": count, "needed": at_least}
    if count < at_least:
        reason = f"only {count} sends overlapped the fault, {at_least} are needed"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"{count} sends overlapped the fault"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
