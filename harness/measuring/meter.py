"""A meter: it fills the frame of the present second and hands each finished one on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from harness.runclock import NS_PER_S

Sink = Callable[[Frame], None]


class Meter:
    """Counts what one engine does; a second in which nothing happened has its frame, too: the engine lived."""

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

    def sent(self, *, now_ns: int, intended_ns: int) -> None:
        self.roll(now_ns)
        self._sent += 1
        self._lateness.record_us((now_ns - intended_ns) // 1000)

    def acknowledged(self, *, now_ns: int, intended_ns: int, size: int) -> None:
        self.roll(now_ns)
        self._acknowledged += 1
        self._acknowledged_bytes += size
        self._latency.record_us((now_ns - intended_ns) // 1000)

    def failed(self, *, now_ns: int, intended_ns: int, error: str) -> None:
        """Count a record that was not acknowledged; its latency stays in, as long as it was waited for."""
        self.roll(now_ns)
        self._failed += 1
        self._errors[error] += 1
        self._latency.record_us((now_ns - intended_ns) // 1000)

    def consumed(self, *, now_ns: int, intended_ns: int, size: int) -> None:
        self.roll(now_ns)
        self._consumed += 1
        self._consumed_bytes += size
        self._end_to_end.record_us((now_ns - intended_ns) // 1000)
