"""The crew: all engines of a load, wherever they run, as the process that decides about the load knows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness.measuring.frames import Frame, merged
from harness.measuring.ledger import Ledger
from harness.measuring.trace import parse


class Kind(Enum):
    """What an engine does, by the first part of its name."""

    PRODUCER = "producer"
    CONSUMER = "consumer"


@dataclass
class Counted:
    """What was sent and acknowledged in one second, by all producers."""

    sent: int = 0
    acknowledged: int = 0


@dataclass(kw_only=True)
class Crew:
    """Numbers engines through all workers, and adds up what they report: nothing is averaged, nothing counted twice."""

    producers: int
    consumers: int
    owners: dict[str, str] = field(default_factory=dict)
    """Which worker started which engine."""
    codes: dict[str, int] = field(default_factory=dict)
    """The exit codes of those that ended and whose last frame has arrived."""
    lost: set[str] = field(default_factory=set)
    """Workers that went away while engines of theirs had not ended."""
    troubles: list[str] = field(default_factory=list)
    """Why users could not do their work: the load cannot go on."""
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    seconds: defaultdict[int, Counted] = field(default_factory=lambda: defaultdict(Counted))
    """By the moment at which the second began."""
    total: Frame | None = None

    def claim(self, kind: Kind, *, owner: str) -> int:
        """Give the next number of a kind to an engine that a worker is about to start."""
        number = len(self._of(kind, self.owners))
        self.owners[f"{kind.value}-{number}"] = owner
        return number

    def take(self, report: Mapping[str, Any]) -> None:
        """Add what a worker has seen since its last report: lines of traces, exit codes, and troubles."""
        frames: list[Frame] = []
        for name, lines in report["lines"].items():
            seen = parse(lines)
            frames.extend(seen.frames)
            for entry in seen.ledgers:
                self.ledgers[name] = entry
        for frame in frames:
            self.seconds[frame.started_ns].sent += frame.sent
            self.seconds[frame.started_ns].acknowledged += frame.acknowledged
        if frames:
            self.total = merged([*frames, self.total] if self.total else frames)
        self.codes.update(report["codes"])
        self.troubles.extend(report["troubles"])

    def miss(self, present: Iterable[str]) -> None:
        """Note the workers that are needed and not among those that are present."""
        waiting = {owner for name, owner in self.owners.items() if name not in self.codes}
        self.lost |= waiting - set(present)

    @property
    def size(self) -> int:
        return self.producers + self.consumers

    def has_sent(self) -> bool:
        """Say whether every producer was started and has ended: only now are the ends of the partitions final."""
        return len(self._of(Kind.PRODUCER, self.codes)) >= self.producers

    def has_ended(self) -> bool:
        """Say whether every engine was started and has ended."""
        return self.has_sent() and len(self._of(Kind.CONSUMER, self.codes)) >= self.consumers

    def is_broken(self) -> bool:
        """Say whether the load cannot come to a good end any more."""
        return bool(self.lost or self.troubles or any(self.codes.values()))

    @staticmethod
    def _of(kind: Kind, names: Iterable[str]) -> list[str]:
        return [name for name in names if name.startswith(f"{kind.value}-")]
