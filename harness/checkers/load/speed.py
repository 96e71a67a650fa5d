"""Speed: the rate is carried, in time, and nothing piles up before the brokers or before the consumers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.checkers.load.slopes import slope
from harness.measuring.histogram import Histogram
from harness.measuring.result import LoadResult, Second
from harness.verdict import Judgement, Verdict

ENOUGH_VALUES = 1000
PERCENTILES = (50, 90, 99, 99.9, 100)


def rate(result: LoadResult) -> Judgement:
    """Judge that the rate was acknowledged, and that no record failed since it began."""
    name, missing = "load-rate", _too_short(result)
    if missing:
        return Judgement(checker=name, verdict=Verdict.INCONCLUSIVE, reason=missing)
    wanted = result.trial.rate_hz
    achieved = (result.total.acknowledged + _under_way(result)) / len(result.measured)
    failed = sum(second.failed for second in result.seconds)
    least = result.objectives.achieved_ratio
    measured = {
        "records_per_s": round(achieved, 1),
        "megabytes_per_s": round(result.total.acknowledged_bytes / len(result.measured) / 1e6, 3),
        "achieved_ratio": round(achieved / wanted, 5),
        "least_ratio": least,
        "failed_records": failed,
        "errors": _errors(result),
    }
    good = achieved >= least * wanted and failed == 0
    reason = f"{achieved:.0f} of {wanted:g} records/s were acknowledged ({achieved / wanted:.2%}), {failed} failed"
    return Judgement(checker=name, verdict=Verdict.PASS if good else Verdict.FAIL, reason=reason, measured=measured)


def _under_way(result: LoadResult) -> int:
    """Count the records that have piled up since the judged part began and are no later than the objective allows.

    In a short trial a latency of a tenth of a second is more than half a per cent of its records: they are on their
    way, not missing. What grows from second to second is found by the backlog's own judge.
    """
    last, first = result.measured[-1], result.measured[0]
    begun_with = first.backlog + first.acknowledged + first.failed - first.sent
    in_time = result.trial.rate_hz * result.objectives.produce_p99_ms / 1000
    return max(0, last.backlog - begun_with) if last.backlog <= in_time else 0


def produce_latency(result: LoadResult) -> Judgement:
    """Judge the time from when a record was due to its acknowledgement."""
    return _latency("load-produce-latency", result, result.total.latency, limit_ms=result.objectives.produce_p99_ms)


def end_to_end_latency(result: LoadResult) -> Judgement:
    """Judge the time from when a record was due to its delivery to a consumer."""
    limit_ms = result.objectives.end_to_end_p99_ms
    return _latency("load-end-to-end-latency", result, result.total.end_to_end, limit_ms=limit_ms)


def backlog(result: LoadResult) -> Judgement:
    """Judge that the records without an answer do not become more and more."""
    return _growth("load-backlog", result, lambda second: second.backlog, what="records without an answer")


def lag(result: LoadResult) -> Judgement:
    """Judge that the acknowledged records which nobody has read do not become more and more."""
    return _growth("load-lag", result, lambda second: second.lag, what="acknowledged records not read")


def percentiles_ms(histogram: Histogram) -> Mapping[str, float]:
    """Return the percentiles that are reported, by name."""
    return {"max" if p == 100 else f"p{p:g}": round(histogram.percentile_ms(p), 3) for p in PERCENTILES}


def _latency(name: str, result: LoadResult, values: Histogram, *, limit_ms: float) -> Judgement:
    missing = _too_short(result)
    if not missing and values.count < ENOUGH_VALUES:
        missing = f"{values.count} values, too few for a 99th percentile (at least {ENOUGH_VALUES})"
    if missing:
        return Judgement(checker=name, verdict=Verdict.INCONCLUSIVE, reason=missing)
    p99_ms = values.percentile_ms(99)
    return Judgement(
        checker=name,
        verdict=Verdict.PASS if p99_ms <= limit_ms else Verdict.FAIL,
        reason=f"p99 {p99_ms:.1f} ms of {values.count} records, at most {limit_ms:g} ms",
        measured={"latency_ms": dict(percentiles_ms(values)), "p99_limit_ms": limit_ms, "records": values.count},
    )


def _growth(name: str, result: LoadResult, of: Callable[[Second], int], *, what: str) -> Judgement:
    missing = _too_short(result)
    if missing:
        return Judgement(checker=name, verdict=Verdict.INCONCLUSIVE, reason=missing)
    growth = slope([(second.time_s, of(second)) for second in result.measured])
    limit = result.objectives.growth_ratio * result.trial.rate_hz
    most = max(of(second) for second in result.measured)
    return Judgement(
        checker=name,
        verdict=Verdict.PASS if growth <= limit else Verdict.FAIL,
        reason=f"{what} grow by {growth:.1f} per second, at most {limit:g}; {most} at the most",
        measured={"growth_per_s": round(growth, 2), "limit_per_s": limit, "most": most},
    )


def _too_short(result: LoadResult) -> str:
    """Say what is missing for a judgement of speed; nothing when all seconds are there."""
    wanted, there = int(result.trial.judged_s), len(result.measured)
    return "" if there >= wanted >= 2 else f"{there} of {wanted} seconds were measured"


def _errors(result: LoadResult) -> dict[str, int]:
    found: dict[str, int] = {}
    for second in result.seconds:
        for error, count in second.errors.items():
            found[error] = found.get(error, 0) + count
    return found
