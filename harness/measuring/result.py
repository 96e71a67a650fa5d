"""The result of a load: everything that was measured, on the run's clock, and the part of it that is judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from harness.measuring.frames import Frame, by_second, merged
from harness.measuring.ledger import Ledger
from harness.measuring.plan import Sizing
from harness.measuring.usage import Observed
from harness.runclock import NS_PER_S


@dataclass(frozen=True, kw_only=True)
class Second:
    """One second of all engines together, with what had piled up by its end."""

    time_s: float
    frame: Frame
    backlog: int
    lag: int


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """What a load left to be judged.

    `started_ns` is the moment of the first record on the machine's monotonic clock, which all its processes share;
    `clock_started_ns` is the start of the run on the same clock.
    """

    sizing: Sizing
    started_ns: int
    clock_started_ns: int
    frames: tuple[Frame, ...]
    ledgers: tuple[Ledger, ...]
    observed: Observed
    locust_cpu_s: float

    @property
    def measured_from_s(self) -> float:
        """When the judged part begins, on the run's clock."""
        return self._run_time_s(self.started_ns) + self.sizing.trial.warm_up_s

    @property
    def measured_until_s(self) -> float:
        return self.measured_from_s + self.sizing.trial.measured_s

    @cached_property
    def seconds(self) -> tuple[Second, ...]:
        """Every second of the load, in order, timed at its end."""
        found: list[Second] = []
        backlog = lag = 0
        for frame in by_second(self.frames):
            backlog += frame.sent - frame.acknowledged - frame.failed
            lag += frame.acknowledged - frame.consumed
            end_s = self._run_time_s(frame.started_ns + NS_PER_S)
            found.append(Second(time_s=end_s, frame=frame, backlog=backlog, lag=lag))
        return tuple(found)

    @property
    def measured(self) -> tuple[Second, ...]:
        """The seconds that lie wholly within the judged part."""
        first_s, last_s = self.measured_from_s + 1 - SLACK_S, self.measured_until_s + SLACK_S
        return tuple(second for second in self.seconds if first_s <= second.time_s <= last_s)

    @cached_property
    def total(self) -> Frame:
        """The judged part as one frame; empty when nothing was measured."""
        frames = [second.frame for second in self.measured]
        return merged(frames) if frames else Frame(engine="all", started_ns=self.started_ns)

    def cpu_cores(self) -> dict[str, float]:
        """Return how many cores each engine used on average in the judged part."""
        first_ns = self.started_ns + int(self.sizing.trial.warm_up_s * NS_PER_S)
        used: dict[str, list[float]] = {}
        for frame in self.frames:
            if first_ns <= frame.started_ns < first_ns + int(self.sizing.trial.measured_s * NS_PER_S):
                used.setdefault(frame.engine, []).append(frame.cpu_s)
        return {engine: sum(spent) / len(spent) for engine, spent in sorted(used.items())}

    def _run_time_s(self, monotonic_ns: int) -> float:
        return (monotonic_ns - self.clock_started_ns) / NS_PER_S


SLACK_S = 1e-6
"""Far below a second: it keeps the edges of the judged part from being lost in rounding."""
