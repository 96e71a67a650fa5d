"""Exports of a load: its series as a table, a row for each second, for whatever a reader likes to work with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isnan
from pathlib import Path

import pyarrow
from pyarrow import csv, ipc

from harness.measuring.rates import Points, cpu, levels, per_second, throttled
from harness.measuring.recorded import SHARES, Moment, Recorded
from harness.measuring.result import SLACK_S

CSV = "seconds.csv"
ARROW = "seconds.arrow"

Column = tuple[str, Sequence[float | int | None]]


def write(run: Recorded, folder: Path) -> tuple[Path, Path]:
    """Write the table as CSV and as an Arrow file, and return where. What was not seen is empty, never 0."""
    table = pyarrow.table(dict(columns(run)))
    csv.write_csv(table, folder / CSV)
    with ipc.new_file(str(folder / ARROW), table.schema) as file:
        file.write_table(table)
    return folder / CSV, folder / ARROW


def columns(run: Recorded) -> Iterator[Column]:
    """Give every column by name; `time_s` is the end of a second on the run's clock."""
    moments = run.moments
    yield "time_s", [moment.second.time_s for moment in moments]
    yield "asked_hz", _asked(run)
    for name in ("sent", "acknowledged", "failed", "consumed", "backlog", "lag", "lateness_p99_ms"):
        yield name, [getattr(moment.second, name) for moment in moments]
    yield from _latencies("produce", moments, lambda moment, share: moment.produce_ms.get(share))
    yield from _latencies("end_to_end", moments, lambda moment, share: moment.end_to_end_ms.get(share))
    under = tuple((one.time_s, float(one.under_replicated)) for one in run.observed.replicas)
    yield "under_replicated", _by_second(under, moments)
    for pod, samples in run.observed.pods.items():
        yield f"{pod}.cpu_cores", _by_second(per_second(samples, cpu), moments)
        yield f"{pod}.throttled_ratio", _by_second(throttled(samples), moments)
        yield f"{pod}.anonymous_bytes", _by_second(levels(samples, lambda one: one.anonymous_bytes), moments)
        yield f"{pod}.received_bytes_per_s", _by_second(per_second(samples, lambda one: one.received_bytes), moments)
        yield f"{pod}.sent_bytes_per_s", _by_second(per_second(samples, lambda one: one.sent_bytes), moments)
        yield f"{pod}.volume_used_bytes", _by_second(levels(samples, lambda one: one.volume_used_bytes), moments)


def _latencies(name: str, moments: Sequence[Moment], of: Callable[[Moment, float], float | None]) -> Iterator[Column]:
    for share in SHARES:
        word = "max" if share == 100 else f"p{share:g}"
        yield f"{name}_{word}_ms", [of(moment, share) for moment in moments]


def _asked(run: Recorded) -> list[float | None]:
    """Return the rate that held when each second began; before the first step nothing was asked."""
    begun = [run.run_s(step.from_ns) for step in run.steps]
    places = (bisect_right(begun, moment.second.time_s - 1 + SLACK_S) for moment in run.moments)
    return [run.steps[place - 1].rate_hz if place else None for place in places]


def _by_second(points: Points, moments: Iterable[Moment]) -> list[float | None]:
    """Return the last value that was seen within each second."""
    times = [time_s for time_s, _ in points]
    found: list[float | None] = []
    for moment in moments:
        place = bisect_right(times, moment.second.time_s + SLACK_S)
        is_within = place > 0 and times[place - 1] > moment.second.time_s - 1 + SLACK_S
        value = points[place - 1][1] if is_within else None
        found.append(None if value is None or isnan(value) else value)
    return found
