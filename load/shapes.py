"""Shapes: how the rate of a load changes; the number of users stays, because each stands for engines.

class Stairs(TargetRate):
    def target_hz(self, run_s: float) -> float | None:
        return 1000 * (1 + run_s // 10) if run_s < 60 else None
"""

from __future__ import annotations

import time
from abc import abstractmethod

from locust import LoadTestShape

from harness.errors import UsageError
from harness.measuring import pace
from harness.measuring.pace import Step
from harness.runclock import NS_PER_S
from load.control import LOG, Control, control_of
from load.link import Link
from load.statistics import begin_at

NOTICE_S = 1.0
"""A step lies so far ahead that every engine, also of another machine, has heard of it before it begins."""

TICK_S = 1.5
"""Locust asks a shape at least this often."""


class WholeCrew(LoadTestShape):
    """A shape that keeps every user and ends the test when all engines have ended."""

    abstract = True
    use_common_options = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Locust gives it no types

    def tick(self) -> tuple[int, float] | None:
        control = control_of(self.runner.environment)  # type: ignore[union-attr]
        if control.is_ending:
            return self._users(control)
        if not control.link.is_begun and not control.begin():
            return None
        begin_at(self.runner.stats, started_ns=control.link.fleet.started_ns)  # type: ignore[union-attr]
        try:
            self.steer(control)
        except Exception as error:  # Locust would never ask this shape again, and the test would go on for ever
            control.link.crew.troubles.append(f"{type(self).__name__} set no rate: {type(error).__name__}: {error}")
        return None if control.link.may_end() else self._users(control)

    def steer(self, control: Control) -> None:
        """Set what is to be set in this second of the load."""

    @staticmethod
    def _users(control: Control) -> tuple[int, float]:
        return control.users, float(control.users)


class EndOfLoad(WholeCrew):
    """The shape of a load whose pace somebody else sets: it ends when that pace is finished."""


class TargetRate(WholeCrew):
    """A shape that sets the rate of all producers together; --run-time ends it, too."""

    abstract = True

    def __init__(self) -> None:
        super().__init__()
        self._load_ns, self._rate_hz = 0, -1.0
        self._end_ns: int | None = None

    @abstractmethod
    def target_hz(self, run_s: float) -> float | None:
        """Return the records per second at this second of the load; None ends it."""

    def steer(self, control: Control) -> None:
        """Set the rate of the next second, and in time before the end that nothing is due after it."""
        link = control.link
        started_ns = link.fleet.started_ns
        if started_ns != self._load_ns:  # a new test
            self._load_ns, self._rate_hz, self._end_ns = started_ns, -1.0, None
        now_ns = time.monotonic_ns()
        if self._end_ns is None:
            self._set(link, max(started_ns, now_ns + int(NOTICE_S * NS_PER_S)), run_s=control.asked.run_s)
        if self._end_ns is not None and now_ns >= self._end_ns:
            link.finish(self._end_ns)
        elif control.is_too_much():
            link.crew.troubles.append("got more bytes written than --most-gb allows, expected less: the disks fill")

    def _set(self, link: Link, from_ns: int, *, run_s: float | None) -> None:
        started_ns = self._load_ns
        last_ns = started_ns + int(run_s * NS_PER_S) if run_s is not None else None
        rate_hz = self.target_hz((from_ns - started_ns) / NS_PER_S)
        if rate_hz is None:
            self._end_ns = from_ns
        elif rate_hz != self._rate_hz and (last_ns is None or from_ns < last_ns):
            pace.append(link.folder, Step(from_ns=from_ns, rate_hz=rate_hz))
            self._rate_hz = rate_hz
        if self._end_ns is None and last_ns is not None and from_ns + TICK_S * NS_PER_S >= last_ns:
            self._end_ns = max(from_ns + 1, last_ns)
        if self._end_ns is not None:
            pace.append(link.folder, Step(from_ns=self._end_ns, rate_hz=0))


class Held(TargetRate):
    """The shape of a locustfile that has none: the rate of --rate, which may be edited on the page meanwhile."""

    def target_hz(self, run_s: float) -> float | None:  # noqa: ARG002 (it does not change with time)
        control = control_of(self.runner.environment)  # type: ignore[union-attr]
        try:
            return control.ask().rate_hz
        except UsageError as error:
            LOG.error("The rate is what was asked at first: %s.", error)
            return control.asked.rate_hz
