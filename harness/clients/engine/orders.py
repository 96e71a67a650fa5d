"""Orders: everything that Locust and each engine process is told, in one file for each, before it starts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

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

    def write(self, path: Path) -> None:
        path.write_text(_written(self), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> ProducerOrder:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "traffic": words.from_json(fields["traffic"])})


@dataclass(frozen=True, kw_only=True)
class ConsumerOrder:
    """Read these partitions from their beginning until told to finish; then to their end, within `drain_s`."""

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

    @classmethod
    def read(cls, path: Path) -> LoadOrder:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "traffic": words.from_json(fields["traffic"])})


def _written(order: ProducerOrder | ConsumerOrder | LoadOrder) -> str:
    return json.dumps({**asdict(order), "traffic": words.as_json(order.traffic)}, indent=1)
