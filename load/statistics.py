"""Locust's statistics, fed once per second: a frame becomes one entry and is merged as a worker's report is."""

from __future__ import annotations

import time

from locust.stats import RequestStats, StatsEntry, StatsError, bucket_response_time

from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from harness.runclock import NS_PER_S

PROTOCOL = "kafka"


def begin_at(stats: RequestStats, *, started_ns: int) -> None:
    """Make Locust count from the first record: it would divide by the time in which engines are started, too.

    One that counts from later, because its figures were reset, is left alone.
    """
    first_s = time.time() - (time.monotonic_ns() - started_ns) / NS_PER_S
    stats.total.start_time = max(stats.total.start_time, first_s)


def merge(stats: RequestStats, frame: Frame, *, offset_ns: int = 0) -> None:
    """Merge a frame into Locust's statistics: acknowledged records as `produce`, delivered ones as `consume`.

    Firing a request event for each record would cost more than sending it. `offset_ns` is what the clock of the load
    is ahead of the machine's monotonic one.
    """
    wall_s = time.time() - (time.monotonic_ns() + offset_ns - frame.started_ns) / NS_PER_S
    if frame.acknowledged or frame.failed:
        size = frame.acknowledged_bytes
        _extend(stats, "produce", frame.latency, wall_s, failures=frame.failed, size=size)
    if frame.consumed:
        _extend(stats, "consume", frame.end_to_end, wall_s, failures=0, size=frame.consumed_bytes)
    for error, count in frame.errors.items():
        _count_error(stats, error, count)


def _extend(stats: RequestStats, name: str, latency: Histogram, wall_s: float, *, failures: int, size: int) -> None:
    entry = StatsEntry(stats, name, PROTOCOL)
    entry.start_time, entry.last_request_timestamp = wall_s, wall_s + 1
    entry.num_requests = latency.count
    entry.num_failures = failures
    entry.total_content_length = size
    entry.num_reqs_per_sec[int(wall_s)] = latency.count
    if failures:
        entry.num_fail_per_sec[int(wall_s)] = failures
    for value_us, count in latency.items():
        entry.total_response_time += value_us * count / 1000  # type: ignore[assignment]  # Locust logs floats, too
        entry.response_times[bucket_response_time(value_us / 1000)] += count
    entry.min_response_time = int(latency.percentile_ms(0))
    entry.max_response_time = int(latency.percentile_ms(100))
    stats.entries[name, PROTOCOL].extend(entry)
    stats.total.extend(entry)


def _count_error(stats: RequestStats, error: str, count: int) -> None:
    """Count failures in Locust's table of errors; its own way is one call for each of them."""
    key = StatsError.create_key(PROTOCOL, "produce", error)
    stats.errors.setdefault(key, StatsError(PROTOCOL, "produce", error)).occurrences += count
