"""The crew: all engines of a load, wherever they run, as the process that decides about the load knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness.measuring.frames import Frame, merged


class Kind(Enum):
    """What an engine does, by the first part of its name."""

    PRODUCER = "producer"
    CONSUMER = "consumer"


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
    total: Frame | None = None

    def clear(self) -> None:
        """Forget the load before this one."""
        self.owners.clear()
        self.codes.clear()
        self.lost.clear()
        self.total = None

    def claim(self, kind: Kind, *, owner: str) -> int:
        """Give the next number of a kind to an engine that a worker is about to start."""
        number = len(self._of(kind, self.owners))
        self.owners[f"{kind.value}-{number}"] = owner
        return number

    def take(self, report: Mapping[str, Any]) -> None:
        """Add what a worker has seen since its last report."""
        frames = [Frame.from_json(line) for line in report["frames"]]
        if self.total is not None:
            frames.append(self.total)
        if frames:
            self.total = merged(frames)
        self.codes.update(report["codes"])

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

    @staticmethod
    def _of(kind: Kind, names: Iterable[str]) -> list[str]:
        return [name for name in names if name.startswith(f"{kind.value}-")]
