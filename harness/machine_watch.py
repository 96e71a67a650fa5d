"""The watch over the machine that the harness runs on, while a cluster is deployed."""

from __future__ import annotations

import time

from harness.measuring.machine import EVERY_S, Moment
from harness.measuring.usage import MachineSample
from harness.observers import MachineObserver
from harness.runclock import RunClock

PIECE_OF_WORK = tuple(range(200_000))
"""To add them up reads some megabytes, more than a core has for itself: a neighbour who takes the cache shows, too.

It takes about a millisecond, so watching costs less than a thousandth of a core.
"""


class Moments:
    """Appends to `seen` what happened from each sample of the machine to the next, with a piece of work done then."""

    def __init__(self, seen: list[Moment]) -> None:
        self._seen = seen
        self._before: MachineSample | None = None

    def __call__(self, now: MachineSample) -> None:
        """Take a sample; one since which the counters did not go on is no moment."""
        before = self._before or now
        ticks = now.total_ticks - before.total_ticks
        if ticks > 0:
            idle_ratio = (now.idle_ticks - before.idle_ticks) / ticks
            busy_ratio = 1 - min(1.0, max(0.0, idle_ratio))  # the kernel's count of waiting may go back a little
            self._seen.append(Moment(time_s=now.time_s, busy_ratio=busy_ratio, work_ms=_work_ms()))
        if ticks > 0 or self._before is None:
            self._before = now


def machine_watch(clock: RunClock, *, seen: list[Moment]) -> MachineObserver:
    """Return a context that looks at the machine every two seconds and appends what it sees to `seen`."""
    return MachineObserver(clock=clock, sink=Moments(seen), every_s=EVERY_S)


def _work_ms() -> float:
    started_ns = time.thread_time_ns()
    sum(PIECE_OF_WORK)
    return (time.thread_time_ns() - started_ns) / 1e6
