"""Sufficiency: what a whole load says of the sizing, compared with what is expected and with the last time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from harness.checkers.load.generator import NAME as GENERATOR
from harness.checkers.load.resources import uses
from harness.checkers.load.trial import Judged
from harness.measuring.knee import Outcome
from harness.measuring.statistics import Interval, differ, interval
from harness.verdict import Judgement, Verdict

FULL = 0.9
"""Of a CPU quota: the rest is lost to periods of 100 ms in which a broker has used its share early."""


class Sufficiency(Enum):
    """What can be said of a sizing under a load."""

    SUFFICIENT = "SUFFICIENT"
    INSUFFICIENT = "INSUFFICIENT"
    DRIFT = "DRIFT"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What is said, why, and how much more than expected is carried."""

    sufficiency: Sufficiency
    reason: str
    knee: Interval | None = None
    headroom_ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """The load of the same profile on the same kind of cluster that this one is compared with."""

    run_id: str
    repeats: tuple[float, ...]


def conclude(
    outcome: Outcome,
    *,
    judgements: Sequence[Judgement],
    expected_hz: float | None,
    precision: float,
    earlier: Earlier | None = None,
) -> Conclusion:
    """Say whether the sizing suffices. A lost record speaks against the cluster, whatever the speed was.

    `judgements` are those on the load as a whole: its delivery, and its recovery from what was done to it. Without
    one of delivery nobody was to read: what was not read is then not lost.
    """
    knee = interval(outcome.repeats, resolution=precision) if len(outcome.repeats) > 1 else None
    headroom = outcome.carried_hz / expected_hz - 1 if outcome.carried_hz is not None and expected_hz else None
    sufficiency, reason = _said(outcome, judgements=judgements, expected_hz=expected_hz, knee=knee)
    if sufficiency is Sufficiency.SUFFICIENT and earlier is not None and (drift := _drift(outcome, earlier, precision)):
        sufficiency, reason = Sufficiency.DRIFT, drift
    return Conclusion(sufficiency=sufficiency, reason=reason, knee=knee, headroom_ratio=headroom)


def _said(
    outcome: Outcome, *, judgements: Sequence[Judgement], expected_hz: float | None, knee: Interval | None
) -> tuple[Sufficiency, str]:
    for judgement in judgements:
        if judgement.verdict is Verdict.FAIL:
            return Sufficiency.INSUFFICIENT, judgement.reason
    if outcome.verdict is Verdict.FAIL:
        return Sufficiency.INSUFFICIENT, outcome.reason
    if outcome.verdict is Verdict.INCONCLUSIVE:
        return Sufficiency.INCONCLUSIVE, outcome.reason
    for judgement in judgements:
        if judgement.verdict is Verdict.INCONCLUSIVE:
            return Sufficiency.INCONCLUSIVE, judgement.reason
    if expected_hz is None:
        return Sufficiency.SUFFICIENT, f"{outcome.reason}; no rate is expected of this profile yet"
    if outcome.carried_hz is not None and outcome.carried_hz >= expected_hz:
        return Sufficiency.SUFFICIENT, f"{outcome.reason}; {expected_hz:g} records/s are expected"
    if knee is not None and knee.high >= expected_hz:
        open_between = f"{knee.low:.0f} to {knee.high:.0f}"
        reason = f"{expected_hz:g} records/s are expected, within what the repeats leave open ({open_between})"
        return Sufficiency.INCONCLUSIVE, reason
    return Sufficiency.INSUFFICIENT, f"{outcome.reason}; {expected_hz:g} records/s are expected"


def _drift(outcome: Outcome, earlier: Earlier, precision: float) -> str:
    if min(len(outcome.repeats), len(earlier.repeats)) < 2:
        return ""
    if not differ(outcome.repeats, earlier.repeats, resolution=precision):
        return ""
    now, before = (sum(values) / len(values) for values in (outcome.repeats, earlier.repeats))
    return f"the knee is at {now:.0f} records/s and was at {before:.0f} in {earlier.run_id}: more than noise"


def limiting_resource(trials: Iterable[Judged]) -> str:
    """Name what ended first in the trials that were not carried: only what was seen to be full is named."""
    missed = [trial for trial in trials if trial.verdict is not Verdict.PASS]
    for trial in (trial for trial in missed if trial.verdict is Verdict.FAIL):
        for use in uses(trial.result):
            is_held_back = use.throttled_ratio > trial.result.objectives.throttled_ratio
            if is_held_back or (use.quota_cores is not None and use.cpu_cores >= FULL * use.quota_cores):
                return "broker CPU"
    return "generator" if missed and all(_is_generators_fault(trial.judgements) for trial in missed) else "none seen"


def _is_generators_fault(judgements: Sequence[Judgement]) -> bool:
    return any(one.checker == GENERATOR and one.verdict is not Verdict.PASS for one in judgements) or any(
        one.reason.startswith("machine-bound") for one in judgements
    )
