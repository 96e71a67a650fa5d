"""The series of a load: rate, latency, what piles up, and what brokers and generator used, all on the run's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import nan

from harness.evidence import Series
from harness.measuring.rates import Points, cpu, levels, per_second, received, throttled
from harness.measuring.recorded import Moment, Recorded
from harness.measuring.usage import Usage

MIB = 1 << 20
MEGABYTE = 1_000_000
LATENCY = "ms"


def of_the_load(run: Recorded) -> tuple[Series, ...]:
    """Return what was asked of the cluster, what it did, how long that took, and what it had for it."""
    pods = run.observed.pods
    return (
        Series(name="asked", unit="records/s", points=_asked(run)),
        _series(run, "acknowledged", "records/s", lambda moment: moment.second.acknowledged),
        *_if_read(run, _series(run, "consumed", "records/s", lambda moment: moment.second.consumed)),
        _series(run, "produce p50", LATENCY, lambda moment: moment.produce_ms.get(50)),
        _series(run, "produce p99", LATENCY, lambda moment: moment.produce_ms.get(99)),
        _series(run, "produce max", LATENCY, lambda moment: moment.produce_ms.get(100)),
        *_if_read(run, _series(run, "end-to-end p99", LATENCY, lambda moment: moment.end_to_end_ms.get(99))),
        _series(run, "without an answer", "records", lambda moment: moment.second.backlog),
        *_if_read(run, _series(run, "lag", "records", lambda moment: moment.second.lag)),
        *(Series(name=f"{pod} CPU", unit="cores", points=per_second(found, cpu)) for pod, found in pods.items()),
        *_quota(run),
        *(
            Series(name=f"{pod} throttled", unit="% of periods", points=_times(throttled(found), 100))
            for pod, found in pods.items()
        ),
    )


def of_the_rest(run: Recorded) -> tuple[Series, ...]:
    """Return memory, network, disk, replicas, and how the generator did."""
    return (
        *_of_pods(run, "memory", "MiB", lambda found: _times(levels(found, _anonymous), 1 / MIB)),
        *_of_pods(run, "received", "MB/s", lambda found: _times(per_second(found, received), 1 / MEGABYTE)),
        *_of_pods(run, "sent", "MB/s out", lambda found: _times(per_second(found, _sent), 1 / MEGABYTE)),
        *_of_pods(run, "volume", "MiB on disk", lambda found: _times(levels(found, _volume), 1 / MIB)),
        Series(
            name="under-replicated",
            unit="partitions",
            points=tuple((one.time_s, float(one.under_replicated)) for one in run.observed.replicas),
        ),
        _series(run, "send lateness p99", "ms late", lambda moment: moment.second.lateness_p99_ms),
        Series(name="this machine idle", unit="% of CPU", points=tuple(_idle(run))),
    )


def _series(run: Recorded, name: str, unit: str, of: Callable[[Moment], float | None]) -> Series:
    found = ((moment.second.time_s, of(moment)) for moment in run.moments)
    return Series(
        name=name, unit=unit, points=tuple((time_s, nan if value is None else float(value)) for time_s, value in found)
    )


def _if_read(run: Recorded, series: Series) -> tuple[Series, ...]:
    return (series,) if run.content["profile"]["traffic"]["groups"] else ()


def _asked(run: Recorded) -> Points:
    """Return the pace as stairs, up to the last second that was seen."""
    if not run.moments:
        return ()
    last_s = run.moments[-1].second.time_s
    points: list[tuple[float, float]] = []
    for step in run.steps:
        from_s = run.run_s(step.from_ns)
        if points:
            points.append((from_s, points[-1][1]))
        points.append((from_s, step.rate_hz))
    return (*points, (max(last_s, points[-1][0]), points[-1][1])) if points else ()


def _quota(run: Recorded) -> Iterator[Series]:
    """Give the limit of the brokers, if all have the same one."""
    quotas = {sample.quota_cores for found in run.observed.pods.values() for sample in found}
    if len(quotas) == 1 and None not in quotas and run.moments:
        quota, ends = quotas.pop(), (run.moments[0], run.moments[-1])
        yield Series(name="limit", unit="cores", points=tuple((end.second.time_s, float(quota or 0)) for end in ends))


def _of_pods(run: Recorded, what: str, unit: str, of: Callable[[list[Usage]], Points]) -> tuple[Series, ...]:
    return tuple(Series(name=f"{pod} {what}", unit=unit, points=of(found)) for pod, found in run.observed.pods.items())


def _times(points: Points, factor: float) -> Points:
    return tuple((time_s, value * factor) for time_s, value in points)


def _anonymous(sample: Usage) -> float:
    return sample.anonymous_bytes


def _sent(sample: Usage) -> float | None:
    return sample.sent_bytes


def _volume(sample: Usage) -> float | None:
    return sample.volume_used_bytes


def _idle(run: Recorded) -> Iterator[tuple[float, float]]:
    for earlier, later in pairwise(run.observed.machine):
        ticks = later.total_ticks - earlier.total_ticks
        if ticks > 0:
            yield later.time_s, 100 * (later.idle_ticks - earlier.idle_ticks) / ticks
