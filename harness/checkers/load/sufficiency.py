"""Sufficiency: what a whole load says of the sizing, compared with what is expected and with the last time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from harness.checkers.load.generator import NAME as GENERATOR
from harness.checkers.load.resources import uses
from harness.checkers.load.trial import Judged
from harness.measuring.drift import Comparison, Difference
from harness.measuring.knee import Outcome, do_agree
from harness.measuring.plan import Drain, FindKnee, Plan
from harness.measuring.statistics import Interval, interval
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


def conclude(
    outcome: Outcome,
    *,
    judgements: Sequence[Judgement],
    plan: Plan,
    expected_hz: float | None,
) -> Conclusion:
    """Say whether the sizing suffices. A lost record speaks against the cluster, whatever the speed was.

    A knee whose repeats do not agree is not known: an expected rate that was carried at length suffices all the same,
    but where nothing is expected the knee is all that was asked for. `judgements` are those on the load as a whole: its
    delivery, and its recovery from what was done to it. Without one of delivery nobody was to read: what was not read
    is then not lost.
    """
    precision = plan.precision if isinstance(plan, FindKnee | Drain) else 0.0
    knee = interval(outcome.repeats, resolution=precision) if len(outcome.repeats) > 1 else None
    headroom = outcome.carried_hz / expected_hz - 1 if outcome.carried_hz is not None and expected_hz else None
    sufficiency, reason = _said(outcome, judgements=judgements, expected_hz=expected_hz, knee=knee)
    if sufficiency is Sufficiency.SUFFICIENT and expected_hz is None and (unknown := _unknown(plan, outcome)):
        sufficiency, reason = Sufficiency.INCONCLUSIVE, unknown
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


def _unknown(plan: Plan, outcome: Outcome) -> str:
    """Say why what a plan is to find out is not known; nothing when it is, or when it only holds a rate."""
    if not isinstance(plan, FindKnee | Drain) or do_agree(plan, outcome.repeats):
        return ""
    if not outcome.repeats and isinstance(plan, Drain):
        return f"how fast it goes at the most is not known: {outcome.reason}"
    if not outcome.repeats:
        return f"no knee was found, as the profile tries no more: {outcome.reason}"
    found = ", ".join(f"{repeat:.0f}" for repeat in outcome.repeats)
    return f"the repeats do not agree: {found} records/s"


def drifted(conclusion: Conclusion, comparison: Comparison) -> Conclusion:
    """Call what suffices a drift where figures differ from an earlier run by more than two alike deployments do.

    What cannot be told is said in the reason, and is no drift.
    """
    if conclusion.sufficiency is not Sufficiency.SUFFICIENT:
        return conclusion
    moved = [figure for figure in comparison.figures if figure.is_drift]
    if moved:
        changes = "; ".join(f"{figure.name} {figure.why}" for figure in moved)
        reason = f"it differs from {comparison.before}: {changes}"
        return replace(conclusion, sufficiency=Sufficiency.DRIFT, reason=reason)
    untold = [figure.name for figure in comparison.figures if figure.difference is Difference.UNKNOWN]
    if untold or not comparison.figures:
        what = ", ".join(untold) or comparison.reason
        reason = f"{conclusion.reason}; whether it is as in {comparison.before} cannot be told of: {what}"
        return replace(conclusion, reason=reason)
    return conclusion


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
