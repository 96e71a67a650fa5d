"""The result of a trial: what was asked of the cluster, and everything that was measured meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from harness.measuring.frames import Frame, merged
from harness.measuring.histogram import Histogram
from harness.measuring.plan import GeneratorLimits, Objectives, Purpose
from harness.measuring.usage import Observed
from harness.runclock import NS_PER_S

SLACK_S = 1e-6
"""Far below a second: it keeps the edges of the judged part from being lost in rounding."""


@dataclass(frozen=True, kw_only=True)
class Second:
    """One second of all engines together, timed at its end, with what had piled up by then.

    A histogram for each second would take half a megabyte; its 99th percentile takes eight bytes.
    """

    time_s: float
    sent: int
    acknowledged: int
    failed: int
    consumed: int
    backlog: int
    lag: int
    errors: Mapping[str, int]
    cpu_s: Mapping[str, float]
    lateness_p99_ms: float | None
    produce_p99_ms: float | None
    end_to_end_p99_ms: float | None


class Collector:
    """Lays the frames of all engines on each other; a second is whole when every engine has told of it."""

    def __init__(self, *, engines: int, groups: int, clock_started_ns: int) -> None:
        self._engines, self._groups, self._clock_started_ns = engines, groups, clock_started_ns
        self._waiting: dict[int, list[Frame]] = {}
        self._backlog = self._lag = 0

    def add(self, frames: Iterable[Frame]) -> Iterator[tuple[Second, Frame]]:
        """Take frames, and give each second that is whole now, in order, with the sum of its frames."""
        for frame in frames:
            self._waiting.setdefault(frame.started_ns, []).append(frame)
        for started_ns in sorted(self._waiting):
            if len(self._waiting[started_ns]) < self._engines:
                return
            yield self._whole(self._waiting.pop(started_ns))

    def rest(self) -> Iterator[tuple[Second, Frame]]:
        """Give what is left when the engines have ended: their last seconds are not the same ones."""
        for started_ns in sorted(self._waiting):
            yield self._whole(self._waiting.pop(started_ns))

    def _whole(self, parts: list[Frame]) -> tuple[Second, Frame]:
        frame = merged(parts)
        self._backlog += frame.sent - frame.acknowledged - frame.failed
        self._lag += self._groups * frame.acknowledged - frame.consumed if self._groups else 0
        second = Second(
            time_s=(frame.started_ns + NS_PER_S - self._clock_started_ns) / NS_PER_S,
            sent=frame.sent,
            acknowledged=frame.acknowledged,
            failed=frame.failed,
            consumed=frame.consumed,
            backlog=self._backlog,
            lag=self._lag,
            errors=frame.errors,
            cpu_s={part.engine: part.cpu_s for part in parts},
            lateness_p99_ms=_p99_ms(frame.lateness),
            produce_p99_ms=_p99_ms(frame.latency),
            end_to_end_p99_ms=_p99_ms(frame.end_to_end),
        )
        return second, frame


def _p99_ms(values: Histogram) -> float | None:
    return values.percentile_ms(99) if values.count else None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One rate that was tried: since when it held, and which part is judged, on the run's clock."""

    number: int
    purpose: Purpose
    rate_hz: float
    begun_s: float
    from_s: float
    until_s: float

    @property
    def judged_s(self) -> float:
        return self.until_s - self.from_s

    def judges(self, second: Second) -> bool:
        """Say whether a second lies wholly within the judged part."""
        return self.from_s + 1 - SLACK_S <= second.time_s <= self.until_s + SLACK_S


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """What a trial left to be judged: its seconds since the rate began, and its judged part as one frame."""

    trial: Trial
    objectives: Objectives
    limits: GeneratorLimits
    seconds: tuple[Second, ...]
    total: Frame
    observed: Observed = field(default_factory=Observed)

    @cached_property
    def measured(self) -> tuple[Second, ...]:
        """The seconds that lie wholly within the judged part."""
        return tuple(second for second in self.seconds if self.trial.judges(second))

    def cpu_cores(self) -> dict[str, float]:
        """Return how many cores each engine used on average in the judged part."""
        used: dict[str, list[float]] = {}
        for second in self.measured:
            for engine, cpu_s in second.cpu_s.items():
                used.setdefault(engine, []).append(cpu_s)
        return {engine: sum(spent) / len(spent) for engine, spent in sorted(used.items())}


class Recording:
    """Records one trial while it goes on; only the sum of its judged seconds is kept, however long it takes."""

    def __init__(self, *, number: int, purpose: Purpose, rate_hz: float, begun_s: float, from_s: float) -> None:
        self.number, self.purpose, self.rate_hz, self.begun_s, self.from_s = number, purpose, rate_hz, begun_s, from_s
        self.seconds: list[Second] = []
        self.total = Frame(engine="all", started_ns=0)

    def take(self, second: Second, frame: Frame) -> None:
        """Take the next second of the load; one that began before the rate did is left out."""
        if second.time_s < self.begun_s + 1 - SLACK_S:
            return
        self.seconds.append(second)
        if second.time_s >= self.from_s + 1 - SLACK_S:
            self.total = merged([self.total, frame]) if self.total.started_ns else merged([frame])

    @property
    def judged_s(self) -> float:
        """How long the judged part is so far."""
        return max(0.0, self.seconds[-1].time_s - self.from_s) if self.seconds else 0.0

    def result(self, *, objectives: Objectives, limits: GeneratorLimits, observed: Observed) -> LoadResult:
        """Return what was recorded so far as a trial that ends with its last second."""
        trial = Trial(
            number=self.number,
            purpose=self.purpose,
            rate_hz=self.rate_hz,
            begun_s=self.begun_s,
            from_s=self.from_s,
            until_s=self.from_s + self.judged_s,
        )
        return LoadResult(
            trial=trial,
            objectives=objectives,
            limits=limits,
            seconds=tuple(self.seconds),
            total=self.total,
            observed=observed,
        )
