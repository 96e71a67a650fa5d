"""Frames: what one engine saw in one second, as a line of JSON, and the exact sum of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.measuring.histogram import Histogram

COUNTERS = ("sent", "acknowledged", "failed", "consumed", "acknowledged_bytes", "consumed_bytes")
HISTOGRAMS = ("lateness", "latency", "end_to_end")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One second of one engine, or of several together.

    Seconds are aligned on the start of the load, so the frames of all engines can be laid on each other.
    `lateness` is sent minus intended (the generator's fault), `latency` is answered minus intended (a record that
    failed stays in, with the time until it did), `end_to_end` is delivered minus intended.
    """

    engine: str
    started_ns: int
    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    consumed: int = 0
    acknowledged_bytes: int = 0
    consumed_bytes: int = 0
    cpu_s: float = 0.0
    errors: Mapping[str, int] = field(default_factory=dict)
    lateness: Histogram = field(default_factory=Histogram)
    latency: Histogram = field(default_factory=Histogram)
    end_to_end: Histogram = field(default_factory=Histogram)

    def as_json(self) -> dict[str, object]:
        return {
            "engine": self.engine,
            "started_ns": self.started_ns,
            **{name: getattr(self, name) for name in COUNTERS},
            "cpu_s": round(self.cpu_s, 6),
            "errors": dict(self.errors),
            **{name: getattr(self, name).encode() for name in HISTOGRAMS},
        }

    @classmethod
    def from_json(cls, line: Mapping[str, object]) -> Frame:
        histograms = {name: Histogram(str(line[name])) for name in HISTOGRAMS}
        return cls(**{**line, **histograms})  # type: ignore[arg-type]  # as_json wrote these fields


def merged(frames: Iterable[Frame], *, engine: str = "all") -> Frame:
    """Add frames up: counters are summed and histograms merged, so nothing is averaged. No frame is an error."""
    parts = tuple(frames)
    if not parts:
        raise ValueError("got no frames, expected at least one: a sum of nothing would look like a quiet second")
    total = Frame(
        engine=engine,
        started_ns=min(part.started_ns for part in parts),
        cpu_s=sum(part.cpu_s for part in parts),
        errors=dict(sum((Counter(part.errors) for part in parts), Counter())),
    )
    for part in parts:
        for name in HISTOGRAMS:
            getattr(total, name).add(getattr(part, name))
    return replace(total, **{name: sum(getattr(part, name) for part in parts) for name in COUNTERS})
