"""A log: the records of one replica, its leader epochs, and what they say about producers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from harness.rehearsal.producers import ProducerTable
from harness.rehearsal.records import Batch, Kind, Record

_offset_of = attrgetter("offset")


class Log:
    """Records in the order of their offsets, from `start` up to `end` (excluded); compaction leaves holes."""

    __slots__ = ("_base", "_table", "_table_end", "end", "epochs", "records", "start")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.start = 0
        self.end = 0
        self.epochs: list[tuple[int, int]] = []
        self._base = ProducerTable()
        self._table = ProducerTable()
        self._table_end = 0

    def position(self, offset: int) -> int:
        """Return where in `records` the first record at or after an offset is."""
        records = self.records
        if not records or offset >= self.end:
            return len(records)
        first = records[0].offset
        if records[-1].offset - first == len(records) - 1:
            return max(0, offset - first)
        return bisect_left(records, offset, key=_offset_of)

    def between(self, low: int, high: int) -> Sequence[Record]:
        """Return the records of a range of offsets, `high` excluded."""
        return self.records[self.position(low) : self.position(high)]

    def append(self, batch: Batch, *, epoch: int) -> int:
        """Write a batch as the leader of an epoch and return its first offset."""
        base = self.end
        sequence = batch.first_sequence
        for step, value in enumerate(batch.values):
            self.records.append(
                Record(
                    base + step,
                    epoch,
                    batch.producer,
                    batch.producer_epoch,
                    sequence + step,
                    value,
                    batch.kind,
                    batch.time_ns,
                    batch.transactional,
                )
            )
        self.end = base + len(batch.values)
        return base

    def extend(self, records: Sequence[Record], *, end: int) -> None:
        """Write what a leader gave, as a follower."""
        for record in records:
            self.begin_epoch(record.epoch, record.offset)
        self.records.extend(records)
        self.end = end

    def begin_epoch(self, epoch: int, offset: int) -> None:
        """Remember where a leader's epoch begins."""
        if not self.epochs or self.epochs[-1][0] < epoch:
            self.epochs.append((epoch, offset))

    @property
    def last_epoch(self) -> int:
        """The epoch of the last leader that this log knows."""
        return self.epochs[-1][0] if self.epochs else -1

    def end_of(self, epoch: int) -> tuple[int, int]:
        """Return the greatest known epoch up to the given one, and the offset at which it ended (KIP-101, KIP-279)."""
        found, end = -1, self.start
        for number, (known, _) in enumerate(self.epochs):
            if known <= epoch:
                found = known
                end = self.epochs[number + 1][1] if number + 1 < len(self.epochs) else self.end
        return found, end

    def truncate(self, end: int) -> list[Record]:
        """Forget everything from an offset on, and return what was forgotten."""
        if end > self.end:
            return []
        self.epochs = [(epoch, start) for epoch, start in self.epochs if start < end]
        cut = self.position(end)
        gone = self.records[cut:]
        del self.records[cut:]
        self.end = max(end, self.start)
        if self._table_end > self.end:
            self.forget_producers()
        return gone

    def forget_producers(self) -> None:
        """Build the table anew when it is next needed: records were taken away or changed."""
        self._table = self._base.copy()
        self._table_end = self.start

    def delete_before(self, start: int) -> None:
        """Move the start of the log, as retention does."""
        if start <= self.start:
            return
        self.producers()
        cut = self.position(start)
        for record in self.records[:cut]:
            self._base.apply(record)
        del self.records[:cut]
        self.start = start
        self.end = max(self.end, start)
        self._table_end = max(self._table_end, start)

    def restart_at(self, other: Log) -> None:
        """Begin anew where another log begins: that log no longer has what this one would need next."""
        self.records.clear()
        self.start = self.end = other.start
        self.epochs = [(epoch, offset) for epoch, offset in other.epochs if offset <= other.start][-1:]
        self._base = other._base.copy()
        self.forget_producers()

    def producers(self) -> ProducerTable:
        """Return what is known of producers at the end of the log."""
        if self._table_end < self.end:
            table = self._table
            for record in self.records[self.position(self._table_end) :]:
                table.apply(record)
            self._table_end = self.end
        return self._table

    def compact(self, *, until: int, keys: int) -> None:
        """Keep only the newest record of each key before an offset; a value's key is its remainder by `keys`."""
        newest = {record.value % keys: record.offset for record in self.records if record.kind is Kind.DATA}
        self.records = [
            record
            for record in self.records
            if record.offset >= until or record.kind is not Kind.DATA or newest[record.value % keys] == record.offset
        ]
