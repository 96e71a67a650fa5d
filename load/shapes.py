"""Shapes: how the rate of a load changes; the number of users stays, because each is an engine.

class Stairs(TargetRate):
    def target_hz(self, run_s: float) -> float | None:
        return 1000 * (1 + run_s // 10) if run_s < 60 else None
"""

from __future__ import annotations

import time
from abc import abstractmethod
from pathlib import Path

from locust import LoadTestShape

from harness.measuring import pace
from harness.measuring.pace import Step
from harness.runclock import NS_PER_S
from load.link import link_of

NOTICE_S = 0.5
"""A step lies so far ahead that every engine has read it before it begins."""


class WholeCrew(LoadTestShape):
    """A shape that keeps one user for each engine and ends the test when all engines have ended."""

    abstract = True

    def tick(self) -> tuple[int, float] | None:
        link = link_of(self.runner.environment)  # type: ignore[union-attr]
        if link.may_end():
            return None
        return link.crew.size, float(link.crew.size)


class EndOfLoad(WholeCrew):
    """The shape of a load whose pace somebody else sets: it ends when that pace is finished."""


class TargetRate(WholeCrew):
    """A shape that sets the rate of all producers together."""

    abstract = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Locust gives it no types
        self._load_ns, self._rate_hz = 0, -1.0

    @abstractmethod
    def target_hz(self, run_s: float) -> float | None:
        """Return the records per second at this second of the load; None ends it."""

    def tick(self) -> tuple[int, float] | None:
        link = link_of(self.runner.environment)  # type: ignore[union-attr]
        self._set(link.folder, started_ns=link.fleet.started_ns)
        return super().tick()

    def _set(self, folder: Path, *, started_ns: int) -> None:
        if started_ns != self._load_ns:  # a new test
            self._load_ns, self._rate_hz = started_ns, -1.0
        if pace.is_finished(folder):
            return
        from_ns = max(started_ns, time.monotonic_ns() + int(NOTICE_S * NS_PER_S))
        rate_hz = self.target_hz((from_ns - started_ns) / NS_PER_S)
        if rate_hz is None:
            pace.finish(folder)
        elif rate_hz != self._rate_hz:
            pace.append(folder, Step(from_ns=from_ns, rate_hz=rate_hz))
            self._rate_hz = rate_hz
