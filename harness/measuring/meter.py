"""A meter: it fills the frame of the present second and hands each finished one on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from harness.runclock import NS_PER_S

Sink = Callable[[Frame], None]
Moments = NDArray[np.int64]
"""Moments at which records were due, in nanoseconds of the monotonic clock."""


class Meter:
    """Counts what one engine does; a second in which nothing happened has its frame, too: the engine lived.

    Many records are counted at once, with one reading of the clock: that moment is after every one of them, by no
    more than one turn of the engine's loop, so a latency may be shown too long by that much, and never too short.
    """

    def __init__(self, engine: str, *, started_ns: int, sink: Sink, cpu_s: Callable[[], float]) -> None:
        self._engine, self._started_ns, self._sink, self._cpu_s = engine, started_ns, sink, cpu_s
        self._cpu_before_s = cpu_s()
        self._clear()

    def _clear(self) -> None:
        self._sent = self._acknowledged = self._failed = self._consumed = 0
        self._acknowledged_bytes = self._consumed_bytes = 0
        self._errors: Counter[str] = Counter()
        self._lateness, self._latency, self._end_to_end = Histogram(), Histogram(), Histogram()

    def roll(self, now_ns: int) -> None:
        """Hand on every second that is over; what is counted from now on belongs to the present one."""
        while now_ns >= self._started_ns + NS_PER_S:
            self.close()

    def close(self) -> None:
        """Hand on the present second, finished or not, and begin the next one."""
        cpu_s = self._cpu_s()
        self._sink(
            Frame(
                engine=self._engine,
                started_ns=self._started_ns,
                sent=self._sent,
                acknowledged=self._acknowledged,
                failed=self._failed,
                consumed=self._consumed,
                acknowledged_bytes=self._acknowledged_bytes,
                consumed_bytes=self._consumed_bytes,
                cpu_s=cpu_s - self._cpu_before_s,
                errors=dict(self._errors),
                lateness=self._lateness,
                latency=self._latency,
                end_to_end=self._end_to_end,
            )
        )
        self._cpu_before_s = cpu_s
        self._started_ns += NS_PER_S
        self._clear()

    def sent(self, *, now_ns: int, intended_ns: Moments) -> None:
        self.roll(now_ns)
        self._sent += len(intended_ns)
        self._lateness.record_many_us((now_ns - intended_ns) // 1000)

    def acknowledged(self, *, now_ns: int, intended_ns: Moments, size: int) -> None:
        """Count acknowledged records; `size` is the bytes of all their values together."""
        self.roll(now_ns)
        self._acknowledged += len(intended_ns)
        self._acknowledged_bytes += size
        self._latency.record_many_us((now_ns - intended_ns) // 1000)

    def failed(self, *, now_ns: int, intended_ns: Moments, error: str) -> None:
        """Count records that were not acknowledged; their latency stays in, as long as they were waited for."""
        self.roll(now_ns)
        self._failed += len(intended_ns)
        self._errors[error] += len(intended_ns)
        self._latency.record_many_us((now_ns - intended_ns) // 1000)

    def consumed(self, *, now_ns: int, intended_ns: Moments, size: int) -> None:
        """Count delivered records; `size` is the bytes of all their values together."""
        self.roll(now_ns)
        self._consumed += len(intended_ns)
        self._consumed_bytes += size
        self._end_to_end.record_many_us((now_ns - intended_ns) // 1000)
