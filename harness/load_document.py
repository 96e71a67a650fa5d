"""The document of a load: all that was asked, measured and concluded, as the plain values of `load.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.brain import Tried
from harness.checkers.load.generator import idle_ratio
from harness.checkers.load.resources import uses
from harness.checkers.load.slopes import slope
from harness.checkers.load.speed import percentiles_ms
from harness.checkers.load.sufficiency import Conclusion, limiting_resource
from harness.checkers.load.trial import Judged
from harness.measuring.cpu_model import CpuModel, Point, fit
from harness.measuring.histogram import Histogram
from harness.measuring.knee import Outcome
from harness.measuring.plan import Profile, Purpose
from harness.measuring.recorded import MEGABYTE, SCHEMA
from harness.measuring.result import LoadResult
from harness.measuring.statistics import CONFIDENCE
from harness.verdict import Judgement, Verdict


@dataclass(frozen=True, kw_only=True)
class Concluded:
    """A whole load: its profile, its trials, and what is concluded from them."""

    profile: Profile
    tried: Sequence[Tried]
    outcome: Outcome
    conclusion: Conclusion
    judgements: Sequence[Judgement]
    """On the load as a whole, not on one of its trials."""
    hours_to_full_disk: float | None


def document(load: Concluded, *, quota_cores: float | None, **about: object) -> dict[str, Any]:
    """Return `load.json`; `about` is what the run knows of itself: its id, its seed, its events, the sizing."""
    judged = [tried.judged for tried in load.tried]
    repeats, carried_hz, knee = load.outcome.repeats, load.outcome.carried_hz, load.conclusion.knee
    return {
        "schema": SCHEMA,
        **about,
        "profile": profile_as_json(load.profile),
        "verdict": load.conclusion.sufficiency.value,
        "reason": load.conclusion.reason,
        "limiting_resource": limiting_resource(judged),
        "headroom_ratio": load.conclusion.headroom_ratio,
        "expected_records_per_s": load.profile.expected_records_per_s,
        "knee": None
        if knee is None or carried_hz is None
        else {
            "records_per_s": carried_hz,
            "mb_per_s": carried_hz * load.profile.traffic.records.value_bytes / MEGABYTE,
            "low": knee.low,
            "high": knee.high,
            "confidence": CONFIDENCE,
            "repeats": list(repeats),
        },
        "hours_to_full_disk": load.hours_to_full_disk,
        "cpu_model": _model_as_json(model_of(judged), quota_cores=quota_cores),
        "judgements": [judgement.as_json() for judgement in load.judgements],
        "trials": [_trial_as_json(tried) for tried in load.tried],
    }


def profile_as_json(profile: Profile) -> dict[str, Any]:
    """Return a profile as plain values, enums by their words."""

    def plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: getattr(value, "value", value) for name, value in pairs}

    return asdict(profile, dict_factory=plain)


def model_of(trials: Sequence[Judged]) -> CpuModel | None:
    """Fit the CPU model to the trials that were carried: beyond the knee a broker uses its quota, whatever it does."""
    carried = [trial.result for trial in trials if _is_low(trial)]
    points = [_point(result) for result in carried]
    return fit([point for point in points if point is not None])


def _is_low(trial: Judged) -> bool:
    return trial.verdict is Verdict.PASS and trial.result.trial.purpose not in (Purpose.WARM_UP, Purpose.DRAIN)


def _point(result: LoadResult) -> Point | None:
    seconds, used = len(result.measured), [use.cpu_cores for use in uses(result)]
    if not seconds or not used:
        return None
    return Point(
        mb_per_s=result.total.acknowledged_bytes / seconds / MEGABYTE,
        records_per_s=result.total.acknowledged / seconds,
        cores=max(used),
    )


def _model_as_json(model: CpuModel | None, *, quota_cores: float | None) -> dict[str, Any] | None:
    if model is None:
        return None
    return {
        "base_cores": model.base_cores,
        "cores_per_mb_s": model.cores_per_mb_s,
        "cores_per_1000_records": model.cores_per_1000_records,
        "r2": model.r2,
        "quota_cores": quota_cores,
        "capacity_records_per_s": None if quota_cores is None else model.capacity_records_per_s(quota_cores),
    }


def _trial_as_json(tried: Tried) -> dict[str, Any]:
    result, judged = tried.judged.result, tried.judged
    seconds, used = len(result.measured), uses(result)
    return {
        "number": result.trial.number,
        "purpose": result.trial.purpose.value,
        "rate_hz": result.trial.rate_hz,
        "from_s": result.trial.from_s,
        "until_s": result.trial.until_s,
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "achieved_hz": result.total.acknowledged / seconds if seconds else None,
        "mb_per_s": result.total.acknowledged_bytes / seconds / MEGABYTE if seconds else None,
        "produce_ms": _latency(result.total.latency),
        "end_to_end_ms": _latency(result.total.end_to_end),
        "backlog_growth_per_s": _growth(result, "backlog"),
        "lag_growth_per_s": _growth(result, "lag"),
        "broker_cpu_cores": {use.pod: use.cpu_cores for use in used},
        "broker_throttled_ratio": {use.pod: use.throttled_ratio for use in used},
        "generator": {
            "lateness_p99_ms": result.total.lateness.percentile_ms(99) if result.total.lateness.count else None,
            "cpu_cores": result.cpu_cores(),
            "machine_idle_ratio": idle_ratio(result),
        },
    }


def _latency(values: Histogram) -> Mapping[str, float] | None:
    return dict(percentiles_ms(values)) if values.count else None


def _growth(result: LoadResult, of: str) -> float | None:
    points = [(second.time_s, float(getattr(second, of))) for second in result.measured]
    return slope(points) if len(points) > 1 else None
