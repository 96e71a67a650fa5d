"""The ledger of a load: which records were acknowledged and how often each was read, a byte for each record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Run = tuple[int, int, int]
"""First sequence, last sequence, and how often each of these was marked."""

MOST = 255


class Marks:
    """How often each sequence number was marked; more than 255 times is kept as 255. Runs that overlap add up."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._counts = bytearray()
        for first, last, count in runs:
            self._reach(last)
            before = self._counts[first : last + 1]
            added = bytes(min(MOST, seen + count) for seen in before) if any(before) else bytes([count]) * len(before)
            self._counts[first : last + 1] = added

    def _reach(self, sequence: int) -> None:
        missing = sequence + 1 - len(self._counts)
        if missing > 0:
            self._counts.extend(bytes(max(missing, len(self._counts))))

    def mark(self, sequence: int) -> None:
        if sequence >= len(self._counts):
            self._reach(sequence)
        if self._counts[sequence] < MOST:
            self._counts[sequence] += 1

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, sequence: int) -> int:
        return self._counts[sequence] if sequence < len(self._counts) else 0

    def runs(self) -> tuple[Run, ...]:
        """Return the marked sequences as runs of equal counts: a load without mishap is one run."""
        found: list[Run] = []
        first = 0
        for count, group in groupby(self._counts):
            last = first + sum(1 for _ in group) - 1
            if count:
                found.append((first, last, count))
            first = last + 1
        return tuple(found)


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

    `disordered` counts records that came after a later one of the same stream, or a second time.
    """

    reads: Streams
    disordered: int
    reached_end: bool

    def as_json(self) -> dict[str, object]:
        return {"reads": _plain(self.reads), "disordered": self.disordered, "reached_end": self.reached_end}


Ledger = ProducerLedger | ConsumerLedger


def from_json(value: Mapping[str, Any]) -> Ledger:
    """Read a ledger back."""
    if "sent" in value:
        return ProducerLedger(sent=value["sent"], acknowledged=_streams(value["acknowledged"]))
    return ConsumerLedger(
        reads=_streams(value["reads"]), disordered=value["disordered"], reached_end=value["reached_end"]
    )


def _plain(streams: Streams) -> dict[str, list[list[int]]]:
    return {name: [list(run) for run in runs] for name, runs in sorted(streams.items())}


def _streams(value: Mapping[str, list[list[int]]]) -> Streams:
    return {name: tuple((first, last, count) for first, last, count in runs) for name, runs in value.items()}
