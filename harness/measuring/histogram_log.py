"""A histogram log: one HdrHistogram for each second, in the format that the tools of that library read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TextIO

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from harness.measuring.histogram import Histogram

US_PER_MS = 1000.0


class HistogramLog:
    """Writes intervals whose values are microseconds; the column of maxima is in whole milliseconds, as they have it.

    Intervals count from the start of the run, whose moment is in the head. The library's own line for it cannot be
    used: it calls a method that no date has.
    """

    def __init__(self, file: TextIO, *, what: str, started_at: datetime) -> None:
        self._writer = HistogramLogWriter(file)
        self._writer.output_comment(f"[{what}, in microseconds]")
        self._writer.output_log_format_version()
        moment = started_at.astimezone(UTC)
        self._writer.output_comment(f"[StartTime: {moment.timestamp():.3f} (seconds since epoch), {moment:%c}]")
        self._writer.output_legend()

    def add(self, values: Histogram, *, from_s: float, until_s: float) -> None:
        """Write one interval; one without values is left out, as its maximum is nothing."""
        if not values.count:
            return
        copy = HdrHistogram.decode(values.encode().encode())
        copy.set_start_time_stamp(1000 * from_s)
        copy.set_end_time_stamp(1000 * until_s)
        self._writer.output_interval_histogram(copy, max_value_unit_ratio=US_PER_MS)
