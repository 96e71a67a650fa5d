"""Evidence: what a clause saw while it ran. A clause that recorded none is INCONCLUSIVE, whatever it returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.verdict import Judgement, require


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at one moment: `time_s` since the start of the run, on the run's monotonic clock."""

    time_s: float
    kind: str
    what: str

    def as_json(self) -> dict[str, object]:
        return {"time_s": round(self.time_s, 4), "kind": self.kind, "what": self.what}


@dataclass(frozen=True, kw_only=True)
class Window:
    """A stretch without success of one operation class on one partition (`key` is topic-partition)."""

    key: str
    operation: str
    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    def as_json(self) -> dict[str, object]:
        return {
            "key": self.key,
            "operation": self.operation,
            "start_s": round(self.start_s, 4),
            "end_s": round(self.end_s, 4),
        }


@dataclass(frozen=True, kw_only=True)
class Series:
    """A measured quantity over time: `points` are (seconds since the start of the run, value)."""

    name: str
    unit: str
    points: tuple[tuple[float, float], ...]

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "unit": self.unit, "points": [list(point) for point in self.points]}


@dataclass(kw_only=True)
class Evidence:
    """The record of one clause; it is only ever added to."""

    facts: dict[str, object] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)

    def fact(self, **facts: object) -> None:
        """Record named facts (JSON values, units in the names); recording a name twice is a mistake."""
        for name, value in facts.items():
            if name in self.facts:
                raise ValueError(f"fact {name!r} was recorded before as {self.facts[name]!r}")
            self.facts[name] = value

    def judge(self, *judgements: Judgement) -> None:
        """Record judgements and require that all of them are a PASS."""
        self.judgements.extend(judgements)
        require(*judgements)

    @property
    def is_empty(self) -> bool:
        return not (self.facts or self.judgements)

    def as_json(self) -> Mapping[str, object]:
        return {
            "facts": self.facts,
            "judgements": [judgement.as_json() for judgement in self.judgements],
            "events": [event.as_json() for event in self.events],
            "windows": [window.as_json() for window in self.windows],
            "series": [series.as_json() for series in self.series],
        }
