"""Orders: everything that Locust and each engine process is told, in one file for each, before it starts."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.measuring import traffic as words
from harness.measuring.traffic import Traffic

CONTROL = "control.json"
"""What Locust leaves in the folder of the traces when it ends: the first record's time, its CPU, the exit codes."""


@dataclass(frozen=True, kw_only=True)
class ProducerOrder:
    """Send one of `producers` equal shares of the pace that stands in `folder`, until told to finish.

    With `in_flight_bytes` the pace is not looked at: records are sent as fast as the cluster takes them, with at most
    so many bytes without an answer.
    """

    name: str
    number: int
    producers: int
    bootstrap: str
    topic: str
    traffic: Traffic
    folder: str
    started_ns: int
    drain_s: float
    trace: str
    in_flight_bytes: int | None = None
    clock_offset_ns: int = 0
    """What is added to this machine's monotonic clock: on the clock of the load all its machines agree."""

    def clock_ns(self) -> int:
        """Return the present moment on the clock of the load."""
        return time.monotonic_ns() + self.clock_offset_ns

    def write(self, path: Path) -> None:
        path.write_text(_written(self), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> ProducerOrder:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "traffic": words.from_json(fields["traffic"])})


@dataclass(frozen=True, kw_only=True)
class ConsumerOrder:
    """Read these partitions from their beginning until told to finish; then to their end, within `drain_s`.

    With a `folder` the pace there says when to rest; without one there is no rest.
    """

    name: str
    number: int
    bootstrap: str
    topic: str
    group: str
    partitions: tuple[int, ...]
    traffic: Traffic
    started_ns: int
    drain_s: float
    trace: str
    folder: str | None = None
    clock_offset_ns: int = 0

    def clock_ns(self) -> int:
        """Return the present moment on the clock of the load."""
        return time.monotonic_ns() + self.clock_offset_ns

    def write(self, path: Path) -> None:
        path.write_text(_written(self), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> ConsumerOrder:
        fields = json.loads(path.read_text(encoding="utf-8"))
        traffic, partitions = words.from_json(fields["traffic"]), tuple(fields["partitions"])
        return cls(**{**fields, "traffic": traffic, "partitions": partitions})


@dataclass(frozen=True, kw_only=True)
class LoadOrder:
    """What Locust is told: which traffic, on which topic, and the folder of the pace and of the traces."""

    bootstrap: str
    topic: str
    traffic: Traffic
    drain_s: float
    folder: str

    def write(self, path: Path) -> None:
        path.write_text(_written(self), encoding="utf-8")

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "traffic": words.as_json(self.traffic)}

    @classmethod
    def read(cls, path: Path) -> LoadOrder:
        return cls.from_json(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> LoadOrder:
        return cls(**{**fields, "traffic": words.from_json(fields["traffic"])})


def _written(order: ProducerOrder | ConsumerOrder | LoadOrder) -> str:
    return json.dumps({**asdict(order), "traffic": words.as_json(order.traffic)}, indent=1)
