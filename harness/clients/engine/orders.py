"""Orders: everything that Locust and each engine process is told, in one file for each, before it starts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.measuring.schedule import Schedule

CONTROL = "control.json"
"""What Locust leaves in the folder of the traces when it ends: the first record's time, its CPU, the exit codes."""


@dataclass(frozen=True, kw_only=True)
class ProducerOrder:
    """Send `rate_hz` records per second, evenly over the partitions, for `duration_s` from `started_ns` on."""

    name: str
    number: int
    bootstrap: str
    topic: str
    partitions: int
    record_bytes: int
    linger_ms: float
    rate_hz: float
    started_ns: int
    duration_s: float
    drain_s: float
    trace: str

    @property
    def schedule(self) -> Schedule:
        return Schedule(started_ns=self.started_ns, rate_hz=self.rate_hz, duration_s=self.duration_s)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> ProducerOrder:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True, kw_only=True)
class ConsumerOrder:
    """Read these partitions from their beginning until told to finish; then to their end, within `drain_s`."""

    name: str
    number: int
    bootstrap: str
    topic: str
    partitions: tuple[int, ...]
    started_ns: int
    drain_s: float
    trace: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> ConsumerOrder:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "partitions": tuple(fields["partitions"])})


@dataclass(frozen=True, kw_only=True)
class LoadOrder:
    """What Locust is told, in one file: which traffic, against what, and where to leave the traces."""

    bootstrap: str
    topic: str
    partitions: int
    record_bytes: int
    linger_ms: float
    rate_hz: float
    duration_s: float
    drain_s: float
    producers: int
    consumers: int
    folder: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> LoadOrder:
        return cls(**json.loads(path.read_text(encoding="utf-8")))
