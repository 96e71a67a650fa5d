"""Guards: was enough done for a verdict to mean anything? Pure."""

from __future__ import annotations

import numpy as np

from harness.histories.history import NEVER_NS, History
from harness.histories.pace import sending_ns
from harness.runclock import NS_PER_S
from harness.verdict import Judgement, Verdict

NAME = "enough-overlap"
SLOWER = "slower"
STUCK = "stuck"
ENOUGH_TO_COMPARE = 100
CLEARLY = 2.0
"""How many times as long answers take when a fault is felt."""


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


def slower(history: History, *, from_s: float, until_s: float, well_s: float) -> Judgement:
    """Judge that answers took clearly longer during a fault than when all is well; what nobody feels shows nothing.

    Medians are compared, of sends that were begun during it and of those begun when it was healed: before a fault,
    brokers that were just deployed still compile their code, and are as slow as that by themselves.
    """
    begun_ns, ended_ns = sending_ns(history)
    took_ms, ended = (ended_ns - begun_ns) / 1e6, ended_ns < NEVER_NS
    during = took_ms[ended & (begun_ns >= from_s * NS_PER_S) & (begun_ns <= until_s * NS_PER_S)]
    well = took_ms[ended & (begun_ns >= well_s * NS_PER_S)]
    if min(len(during), len(well)) < ENOUGH_TO_COMPARE:
        reason = f"{len(during)} sends during the fault and {len(well)} after it, {ENOUGH_TO_COMPARE} are needed"
        return Judgement(checker=SLOWER, verdict=Verdict.INCONCLUSIVE, reason=reason)
    during_ms, well_ms = (round(float(np.median(one)), 1) for one in (during, well))
    measured = {"median_during_ms": during_ms, "median_after_ms": well_ms}
    reason = f"half of the answers came within {during_ms:g} ms during the fault, {well_ms:g} ms after it"
    verdict = Verdict.PASS if during_ms >= CLEARLY * well_ms else Verdict.INCONCLUSIVE
    return Judgement(checker=SLOWER, verdict=verdict, reason=reason, measured=measured)


def stuck(history: History, *, keys: frozenset[str], before_s: float, after_s: float) -> Judgement:
    """Judge that a send to some keys was under way from before one moment until after another.

    Without one, nobody was left waiting for whoever had fallen silent in between, and nothing stale could be answered.
    """
    begun_ns, ended_ns = sending_ns(history, keys=keys)
    count = int(((begun_ns <= before_s * NS_PER_S) & (ended_ns >= after_s * NS_PER_S)).sum())
    measured = {"stuck_sends": count}
    verdict = Verdict.PASS if count else Verdict.INCONCLUSIVE
    reason = f"{count} sends were under way all the time"
    return Judgement(checker=STUCK, verdict=verdict, reason=reason, measured=measured)
