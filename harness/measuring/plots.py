"""Plots: a load's figures over time, as series on the run's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from harness.evidence import Series
from harness.measuring.result import LoadResult, Second
from harness.measuring.usage import Usage


def of_production(result: LoadResult) -> tuple[Series, ...]:
    """Return rate, latency and lateness of the producers."""
    return (
        _plot("acknowledged", "records/s", result, lambda second: second.acknowledged),
        _percentile("produce latency p99", result, lambda second: second.produce_p99_ms),
        _percentile("send lateness p99", result, lambda second: second.lateness_p99_ms),
    )


def of_consumption(result: LoadResult) -> tuple[Series, ...]:
    """Return rate, latency and lag of the consumers."""
    return (
        _plot("consumed", "records/s", result, lambda second: second.consumed),
        _percentile("end-to-end latency p99", result, lambda second: second.end_to_end_p99_ms),
        _plot("lag", "records", result, lambda second: second.lag),
    )


def of_resources(result: LoadResult) -> tuple[Series, ...]:
    """Return CPU use and throttling of each observed pod."""
    return tuple(
        series
        for pod, samples in result.observed.pods.items()
        for series in (
            Series(name=f"{pod} CPU", unit="cores", points=tuple(_rates(samples, lambda s: s.cpu_s))),
            Series(name=f"{pod} throttled", unit="% of periods", points=tuple(_throttled(samples))),
        )
    )


def _plot(name: str, unit: str, result: LoadResult, of: Callable[[Second], int]) -> Series:
    points = tuple((round(second.time_s, 3), float(of(second))) for second in result.seconds)
    return Series(name=name, unit=unit, points=points)


def _percentile(name: str, result: LoadResult, of: Callable[[Second], float | None]) -> Series:
    seconds = [(second.time_s, of(second)) for second in result.seconds]
    points = tuple((round(time_s, 3), value_ms) for time_s, value_ms in seconds if value_ms is not None)
    return Series(name=name, unit="ms", points=points)


def _rates(samples: list[Usage], of: Callable[[Usage], float]) -> Iterator[tuple[float, float]]:
    for earlier, later in pairwise(samples):
        yield round(later.time_s, 3), round((of(later) - of(earlier)) / (later.node_s - earlier.node_s), 4)


def _throttled(samples: list[Usage]) -> Iterator[tuple[float, float]]:
    for earlier, later in pairwise(samples):
        periods = later.periods - earlier.periods
        share = (later.throttled_periods - earlier.throttled_periods) / periods if periods else 0.0
        yield round(later.time_s, 3), round(100 * share, 1)
