"""The ledger of a load: which records were acknowledged, and how often each was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = tuple[int, int, int]
"""First sequence, last sequence, and how often each of these was marked."""

MOST = 255
SETTLED = 1 << 16
"""Marks behind which every sequence was marked alike are kept as a run, not one by one, once there are so many."""


class Marks:
    """How often each sequence number was marked; more than 255 times is kept as 255. Runs that overlap add up.

    A byte for each sequence, but only from the first one on that is still missing: what was marked without a hole
    before it is one run, so that hours of a healthy load take no memory.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._settled = 0
        """Every sequence below this was marked once, and again as often as `_again` says."""
        self._again: dict[int, int] = {}
        self._counts = np.zeros(0, dtype=np.uint8)
        self._length = 0
        self._settle_at = SETTLED
        for first, last, count in runs:
            self._add(first, np.full(last + 1 - first, count))

    def mark(self, sequence: int) -> None:
        self.mark_many(np.array([sequence]))

    def mark_many(self, sequences: NDArray[np.int64]) -> None:
        """Mark sequences, each as often as it is in the array."""
        if len(sequences):
            first = int(sequences.min())
            self._add(first, np.bincount(sequences - first))

    def _add(self, first: int, added: NDArray[np.int64]) -> None:
        if first < self._settled:
            old = added[: self._settled - first]
            for offset in np.flatnonzero(old):
                self._again[first + int(offset)] = self._again.get(first + int(offset), 0) + int(old[offset])
            first, added = self._settled, added[len(old) :]
        if not len(added):
            return
        start = first - self._settled
        self._reach(start + len(added))
        part = self._counts[start : start + len(added)]
        part[:] = np.minimum(part.astype(np.int64) + added, MOST)
        if self._length > self._settle_at:
            self._settle()
            self._settle_at = self._length + SETTLED  # a hole that stays is not looked for at every mark

    def _reach(self, length: int) -> None:
        if length > len(self._counts):
            longer = np.zeros(max(length, 2 * len(self._counts), 1024), dtype=np.uint8)
            longer[: self._length] = self._counts[: self._length]
            self._counts = longer
        self._length = max(self._length, length)

    def _settle(self) -> None:
        """Turn the part without a hole into a run; what was marked twice in it is remembered by itself."""
        seen = self._counts[: self._length]
        holes = np.flatnonzero(seen == 0)
        whole = int(holes[0]) if len(holes) else self._length
        for offset in np.flatnonzero(seen[:whole] > 1):
            self._again[self._settled + int(offset)] = int(seen[offset]) - 1
        rest = seen[whole:].copy()
        self._settled, self._counts, self._length = self._settled + whole, rest, len(rest)

    def __len__(self) -> int:
        return self._settled + self._length

    def count(self, sequence: int) -> int:
        if sequence < self._settled:
            return min(MOST, 1 + self._again.get(sequence, 0))
        offset = sequence - self._settled
        return int(self._counts[offset]) if offset < self._length else 0

    def runs(self) -> tuple[Run, ...]:
        """Return the marked sequences as runs of equal counts: a load without mishap is one run."""
        found: list[Run] = []
        for first, last, count in (*self._settled_runs(), *self._later_runs()):
            if found and found[-1][1] + 1 == first and found[-1][2] == count:
                found[-1] = found[-1][0], last, count
            else:
                found.append((first, last, count))
        return tuple(found)

    def _settled_runs(self) -> Iterator[Run]:
        first = 0
        for sequence in sorted(self._again):
            if sequence > first:
                yield first, sequence - 1, 1
            yield sequence, sequence, self.count(sequence)
            first = sequence + 1
        if first < self._settled:
            yield first, self._settled - 1, 1

    def _later_runs(self) -> Iterator[Run]:
        seen = self._counts[: self._length]
        edges = np.flatnonzero(np.diff(seen)) + 1
        for first, end in pairwise((0, *map(int, edges), self._length)):
            if end > first and seen[first]:
                yield self._settled + first, self._settled + end - 1, int(seen[first])


Streams = Mapping[str, tuple[Run, ...]]
"""Runs by stream. A stream is what one producer sends to one partition, so its sequence has no holes by design."""


def stream(producer: int, partition: int) -> str:
    """Return the name of a stream."""
    return f"{producer}/{partition}"


@dataclass(frozen=True, kw_only=True)
class ProducerLedger:
    """What one producer knows at its end: how many records it sent to each stream, and which were acknowledged."""

    sent: Mapping[str, int]
    acknowledged: Streams

    def as_json(self) -> dict[str, object]:
        return {"sent": dict(self.sent), "acknowledged": _plain(self.acknowledged)}


@dataclass(frozen=True, kw_only=True)
class ConsumerLedger:
    """What one consumer was given; `reached_end` says whether it read to the end of its partitions.

    `disordered` counts records that came after a later one of the same stream, or a second time. `reading_s` is the
    time from being given its partitions until its last record; 0 when there was none.
    """

    reads: Streams
    disordered: int
    reached_end: bool
    reading_s: float

    def as_json(self) -> dict[str, object]:
        return {
            "reads": _plain(self.reads),
            "disordered": self.disordered,
            "reached_end": self.reached_end,
            "reading_s": self.reading_s,
        }


Ledger = ProducerLedger | ConsumerLedger


def from_json(value: Mapping[str, Any]) -> Ledger:
    """Read a ledger back."""
    if "sent" in value:
        return ProducerLedger(sent=value["sent"], acknowledged=_streams(value["acknowledged"]))
    return ConsumerLedger(
        reads=_streams(value["reads"]),
        disordered=value["disordered"],
        reached_end=value["reached_end"],
        reading_s=value["reading_s"],
    )


def _plain(streams: Streams) -> dict[str, list[list[int]]]:
    return {name: [list(run) for run in runs] for name, runs in sorted(streams.items())}


def _streams(value: Mapping[str, list[list[int]]]) -> Streams:
    return {name: tuple((first, last, count) for first, last, count in runs) for name, runs in value.items()}
