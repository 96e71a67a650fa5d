"""The watch over the machine that the harness runs on, while a cluster is deployed."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType

from harness.measuring.machine import EVERY_S, Moment
from harness.measuring.usage import MachineSample, machine_sample
from harness.runclock import RunClock

PIECE_OF_WORK = tuple(range(200_000))
"""To add them up reads some megabytes, more than a core has for itself: a neighbour who takes the cache shows, too.

It takes about a millisecond, so watching costs less than a thousandth of a core.
"""

_STAT = Path("/proc/stat")


class MachineWatch:
    """A context that looks at the machine every two seconds and appends what it sees to `seen`.

    A machine without /proc/stat is not watched: nothing is seen, and nothing is said of it.
    """

    def __init__(self, clock: RunClock, *, seen: list[Moment], stat: Path = _STAT, every_s: float = EVERY_S) -> None:
        self._clock, self._seen, self._stat, self._every_s = clock, seen, stat, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="machine", daemon=True)

    def __enter__(self) -> MachineWatch:
        if self._stat.exists():
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        before = self._sample()
        while not self._ended.wait(self._every_s):
            now = self._sample()
            ticks = now.total_ticks - before.total_ticks
            if ticks > 0:
                idle_ratio = (now.idle_ticks - before.idle_ticks) / ticks
                busy_ratio = 1 - min(1.0, max(0.0, idle_ratio))  # the kernel's count of waiting may go back a little
                self._seen.append(Moment(time_s=now.time_s, busy_ratio=busy_ratio, work_ms=_work_ms()))
                before = now

    def _sample(self) -> MachineSample:
        return machine_sample(self._stat.read_text(encoding="ascii"), time_s=self._clock.now_s())


def _work_ms() -> float:
    started_ns = time.thread_time_ns()
    sum(PIECE_OF_WORK)
    return (time.thread_time_ns() - started_ns) / 1e6
