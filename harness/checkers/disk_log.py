"""A partition's log as it lies on one broker's disk: its batches, its records, and what became of transactions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

NO_PRODUCER = -1
"""The producer id in a batch that was not written by an idempotent producer."""


class Marker(Enum):
    """What a control record says about its producer's transaction."""

    COMMIT = "COMMIT"
    ABORT = "ABORT"
    OTHER = "OTHER"


class Fate(Enum):
    """Whether a record counts: it needs no transaction, or its transaction ended so, or has not ended."""

    PLAIN = "plain"
    COMMITTED = "committed"
    ABORTED = "aborted"
    OPEN = "open"


_FATES = {Marker.COMMIT: Fate.COMMITTED, Marker.ABORT: Fate.ABORTED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A record batch: what was written, replicated and protected by one checksum."""

    base_offset: int
    last_offset: int
    records: int
    leader_epoch: int
    producer_id: int
    producer_epoch: int
    is_transactional: bool
    is_control: bool
    size_bytes: int
    crc: int
    is_valid: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record; `value` is None for a tombstone, and `marker` is set in control records only."""

    offset: int
    timestamp_ms: int
    sequence: int
    key: str | None
    value: str | None
    marker: Marker | None
    batch: Batch

    @property
    def identity(self) -> tuple[object, ...]:
        """What must be equal on every replica; the checksum stands for the headers, which the tool does not print."""
        batch = self.batch
        ours = (self.offset, self.timestamp_ms, self.sequence, self.key, self.value, self.marker)
        return (*ours, batch.leader_epoch, batch.producer_id, batch.producer_epoch, batch.is_transactional, batch.crc)

    def as_json(self) -> dict[str, object]:
        batch = self.batch
        return {
            "offset": self.offset,
            "value": self.value,
            "marker": self.marker and self.marker.value,
            "leader_epoch": batch.leader_epoch,
            "producer_id": batch.producer_id,
            "producer_epoch": batch.producer_epoch,
            "sequence": self.sequence,
            "timestamp_ms": self.timestamp_ms,
            "batch_is_valid": batch.is_valid,
        }


@dataclass(frozen=True, kw_only=True)
class Dump:
    """What was printed of one or more segments: where the first of them begins, its batches and its records.

    `torn_bytes` follow the last whole batch: a write that is under way, or one that was cut off.
    """

    base_offset: int
    batches: tuple[Batch, ...]
    records: tuple[Record, ...]
    torn_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One broker's whole log of a partition.

    `noted_start` is where the broker notes that the log starts, which may be behind the first segment's beginning.
    """

    name: str
    in_sync: bool
    is_leader: bool
    dump: Dump
    noted_start: int = 0

    @property
    def start(self) -> int:
        """The first offset that is to be served."""
        return max(self.noted_start, self.dump.base_offset)

    @property
    def end(self) -> int:
        """The offset that the next record gets."""
        batches = self.dump.batches
        return batches[-1].last_offset + 1 if batches else self.dump.base_offset

    @cached_property
    def by_offset(self) -> dict[int, Record]:
        return {record.offset: record for record in self.dump.records}

    @cached_property
    def _by_value(self) -> dict[str, tuple[Record, ...]]:
        found: dict[str, tuple[Record, ...]] = {}
        for record in self.data:
            if record.value is not None:
                found[record.value] = (*found.get(record.value, ()), record)
        return found

    @property
    def data(self) -> Iterator[Record]:
        """The records that somebody sent: all but the control records."""
        return (record for record in self.dump.records if record.marker is None)

    @property
    def values(self) -> frozenset[str]:
        return frozenset(self._by_value)

    def copies(self, value: str) -> tuple[Record, ...]:
        """Return the records with this value, in the order of their offsets."""
        return self._by_value.get(value, ())

    @cached_property
    def _fates(self) -> dict[int, Fate]:
        fates: dict[int, Fate] = {}
        next_fate: dict[int, Fate] = {}
        for record in reversed(self.dump.records):
            producer = record.batch.producer_id
            if record.marker in _FATES:
                next_fate[producer] = _FATES[record.marker]
            elif record.batch.is_transactional:
                fates[record.offset] = next_fate.get(producer, Fate.OPEN)
        return fates

    def fate(self, record: Record) -> Fate:
        """Say what became of a record's transaction: the next marker of its producer in this log decides."""
        return self._fates.get(record.offset, Fate.PLAIN)

    def as_json(self) -> dict[str, object]:
        return {
            "in_sync": self.in_sync,
            "leader": self.is_leader,
            "start": self.start,
            "end": self.end,
            "torn_bytes": self.dump.torn_bytes,
        }


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A replica that could not be read: nothing follows from what it does not show."""

    name: str
    in_sync: bool
    reason: str

    def as_json(self) -> dict[str, object]:
        return {"in_sync": self.in_sync, "unreadable": self.reason}


Log = Replica | Unreadable


def first_difference(one: Replica, other: Replica) -> int | None:
    """Return the first offset at which two replicas differ, below the end of the shorter; None when they agree.

    Below the end of every in-sync log is below the high watermark: there, in-sync replicas may not differ. Compaction
    cleans each replica at its own pace, so this is not for compacted topics.
    """
    low = max(one.start, other.start)
    high = min(one.end, other.end)
    seen = {offset for replica in (one, other) for offset in replica.by_offset if low <= offset < high}
    return next((at for at in sorted(seen) if _identity(one, at) != _identity(other, at)), None)


def _identity(replica: Replica, offset: int) -> tuple[object, ...] | None:
    record = replica.by_offset.get(offset)
    return None if record is None else record.identity
