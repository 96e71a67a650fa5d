"""The only place that waits: for a condition, against a monotonic clock, with a message built at time-out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock that can pause its caller."""

    def now_s(self) -> float:
        """Return seconds on a clock that never goes back."""

    def pause_s(self, duration_s: float) -> None:
        """Return after about `duration_s` seconds on this clock."""


class MonotonicClock:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        return time.monotonic()

    def pause_s(self, duration_s: float) -> None:
        time.sleep(duration_s)


_CLOCK: ContextVar[Clock] = ContextVar("the clock that is waited on", default=MonotonicClock())  # noqa: B039


@contextmanager
def waiting_on(clock: Clock) -> Iterator[None]:
    """Let whoever waits inside the `with` block, and names no clock, wait on this one; other threads do not."""
    token = _CLOCK.set(clock)
    try:
        yield
    finally:
        _CLOCK.reset(token)


@dataclass(kw_only=True, eq=False)  # not frozen: Python itself writes an exception's traceback
class TimedOut(Exception):
    """A condition did not come true within its time-out."""

    what: str
    timeout_s: float
    detail: str

    def __str__(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.what} did not happen within {self.timeout_s:g} s{detail}"


def wait_until(
    condition: Callable[[], bool],
    *,
    what: str,
    timeout_s: float,
    every_s: float = 0.2,
    detail: Callable[[], str] = lambda: "",
    clock: Clock | None = None,
) -> float:
    """Wait until `condition()` is True and return the seconds it took; raise `TimedOut` otherwise.

    The condition must return a real bool: a function object or a None that reads as true or false would turn
    "was never checked" into an answer, so anything else raises TypeError. The condition is asked at least once,
    and once more after the time-out, so that a slow question cannot lose a late yes.
    """
    clock = clock or _CLOCK.get()
    started_s = clock.now_s()
    while True:
        late = clock.now_s() - started_s >= timeout_s
        answer = condition()
        if not isinstance(answer, bool):
            raise TypeError(f"the condition for {what!r} returned {answer!r}, expected True or False")
        if answer:
            return clock.now_s() - started_s
        if late:
            raise TimedOut(what=what, timeout_s=timeout_s, detail=detail())
        clock.pause_s(min(every_s, max(0.0, timeout_s - (clock.now_s() - started_s))))
