"""The version order of every key: which offset holds which value, who wrote it and who read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.errors import UsageError
from harness.histories.history import NONE, Ending, Flags, History, Ints, Kind, Longs

SPARSE = 4
"""How many places a table by number may have for each record, before numbers are ranked by sorting instead."""

SMALL = 1 << 16


def numbered(keys: Ints, numbers: Longs, *, count: int) -> tuple[Longs, int]:
    """Give each pair of key and number a place, ascending by key and then number, equal pairs the same one.

    Returns the places, and how many there are. Where the numbers are dense, this is arithmetic; only where they are
    sparse is there a sort.
    """
    if not len(numbers):
        return np.zeros(0, dtype=np.int64), 0
    low, high = int(numbers.min()), int(numbers.max())
    width = high - low + 1
    if width * count <= SPARSE * len(numbers) + SMALL:
        return keys * np.int64(width) + (numbers - low), width * count
    order = np.lexsort((numbers, keys))
    fresh = np.empty(len(order), dtype=np.int64)
    fresh[0] = 0
    k, n = keys[order], numbers[order]
    fresh[1:] = (k[1:] != k[:-1]) | (n[1:] != n[:-1])
    ranks = np.cumsum(fresh)
    places = np.empty_like(ranks)
    places[order] = ranks
    return places, int(ranks[-1]) + 1


def scattered(size: int, places: Longs, what: NDArray[np.int32]) -> Ints:
    """Return a table in which each place names the last row that fell on it, or NONE."""
    table = np.full(size, NONE, dtype=np.int32)
    table[places] = what
    return table


@dataclass(frozen=True)
class Versions:
    """Everything that several checkers want to know about a history, computed once.

    A *record* is a pair of key and value, a *slot* a pair of key and offset; both are numbered, slots in the order of
    the log. Tables by record or slot hold NONE where there is nothing.
    """

    history: History

    @cached_property
    def _records(self) -> tuple[Longs, Longs, int]:
        history = self.history
        keys = np.concatenate((history.sends.key, history.reads.key))
        values = np.concatenate((history.sends.value, history.reads.value))
        places, size = numbered(keys, values, count=len(history.keys))
        sends = len(history.sends)
        return places[:sends], places[sends:], size

    @property
    def record_of_send(self) -> Longs:
        return self._records[0]

    @property
    def record_of_read(self) -> Longs:
        return self._records[1]

    def require_unique_values(self) -> None:
        """Refuse a history in which a value was sent twice to a key: nobody could say which of them was read."""
        rows = np.arange(len(self.history.sends), dtype=np.int32)
        again = np.flatnonzero(self.sender[self.record_of_send] != rows)
        if len(again):
            history, first = self.history, int(again[0])
            value, key = history.value(int(history.sends.value[first])), history.keys[history.sends.key[first]]
            raise UsageError(f"{value!r} was sent to {key} more than once", remedy="values are unique within their key")

    @cached_property
    def sender(self) -> Ints:
        """By record: the send that tried to write it; NONE for a phantom."""
        rows = np.arange(len(self.history.sends), dtype=np.int32)
        return scattered(self._records[2], self.record_of_send, rows)

    @cached_property
    def send_of_read(self) -> Ints:
        """By read: the send that tried to write what was read; NONE for a phantom."""
        return self.sender[self.record_of_read]

    @cached_property
    def read_is_ok(self) -> Flags:
        return self.history.operations.ok[self.history.reads.op]

    @cached_property
    def read_by_ok(self) -> Flags:
        """By record: whether an operation that ended ok read it."""
        table = np.zeros(self._records[2], dtype=np.bool_)
        table[self.record_of_read[self.read_is_ok]] = True
        return table

    @cached_property
    def send_was_read(self) -> Flags:
        """By send: whether an operation that ended ok read it."""
        return self.read_by_ok[self.record_of_send]

    @cached_property
    def _read_in_committed(self) -> Flags:
        """By read: whether its reader is to be given only what is committed."""
        return ~self.history.operations.uncommitted[self.history.reads.op]

    @cached_property
    def proven(self) -> Flags:
        """By send: an ok read proves that its operation happened; of a transaction, only a read_committed one does."""
        operations, sends = self.history.operations, self.history.sends
        proof = self.read_by_ok
        if operations.uncommitted.any():
            by_committed = np.zeros_like(proof)
            by_committed[self.record_of_read[self.read_is_ok & self._read_in_committed]] = True
            transactional = operations.kind[sends.op] == Kind.TXN
            return np.where(transactional, by_committed[self.record_of_send], proof[self.record_of_send])
        return proof[self.record_of_send]

    @cached_property
    def must_have_committed(self) -> Flags:
        """By send: its operation ended ok, or nobody knows how and a read proves one of its writes."""
        operations, sends = self.history.operations, self.history.sends
        shown = np.zeros(len(operations), dtype=np.bool_)
        shown[sends.op[self.proven]] = True
        must: Flags = operations.ok | ((operations.ending == Ending.INFO) & shown)
        return must[sends.op]

    @cached_property
    def _told(self) -> NDArray[np.intp]:
        """The sends that count for the version order: those that must have committed and know their offset."""
        return np.flatnonzero(self.must_have_committed & (self.history.sends.offset >= 0))

    @cached_property
    def _slots(self) -> tuple[Longs, Longs, int]:
        history, told = self.history, self._told
        keys = np.concatenate((history.sends.key[told], history.reads.key))
        offsets = np.concatenate((history.sends.offset[told], history.reads.offset))
        places, size = numbered(keys, offsets, count=len(history.keys))
        return places[: len(told)], places[len(told) :], size

    @property
    def slot_of_read(self) -> Longs:
        return self._slots[1]

    @property
    def slot_of_told(self) -> Longs:
        """By row of `told`: where the send landed, as its client was told."""
        return self._slots[0]

    @property
    def told(self) -> NDArray[np.intp]:
        """The sends that must have committed and whose clients were told an offset."""
        return self._told

    @cached_property
    def record_in_slot(self) -> Longs:
        """By slot: the record that it holds (what a client was told, when there are several), or NONE for a hole."""
        table = np.full(self._slots[2], NONE, dtype=np.int64)
        table[self.slot_of_read] = self.record_of_read
        table[self.slot_of_told] = self.record_of_send[self.told]
        return table

    @cached_property
    def slot_of_record(self) -> Longs:
        """By record: the slot that its client was told, else the first one in which it was read, else NONE."""
        table = np.full(self._records[2], NONE, dtype=np.int64)
        table[self.record_of_read[::-1]] = self.slot_of_read[::-1]
        table[self.record_of_send[self.told]] = self.slot_of_told
        return table

    @cached_property
    def key_of_slot(self) -> Ints:
        """By slot: its key; NONE for a hole."""
        table = np.full(self._slots[2], NONE, dtype=np.int32)
        table[self.slot_of_told] = self.history.sends.key[self.told]
        table[self.slot_of_read] = self.history.reads.key
        return table

    @cached_property
    def offset_of_slot(self) -> Longs:
        """By slot: its offset; NONE for a hole."""
        table = np.full(self._slots[2], NONE, dtype=np.int64)
        table[self.slot_of_told] = self.history.sends.offset[self.told]
        table[self.slot_of_read] = self.history.reads.offset
        return table

    @cached_property
    def rank_of_slot(self) -> Longs:
        """By slot: its place among those that hold something, so that holes do not count."""
        return np.cumsum(self.record_in_slot != NONE) - 1

    @cached_property
    def committed_rank_of_slot(self) -> Longs:
        """By slot: its place among those that a reader of what is committed is to be given, or was given."""
        if not self.history.operations.uncommitted.any():
            return self.rank_of_slot
        held = self.record_in_slot
        sender = np.where(held == NONE, NONE, self.sender[held])
        given = (held != NONE) & ((sender == NONE) | self.must_have_committed[sender])
        given[self.slot_of_read[self._read_in_committed]] = True
        return np.cumsum(given) - 1

    @cached_property
    def rank_of_read(self) -> Longs:
        """By read: its place in the order of what its reader is to be given."""
        slots = self.slot_of_read
        ranks = self.committed_rank_of_slot[slots]
        if self.history.operations.uncommitted.any():
            return np.where(self._read_in_committed, ranks, self.rank_of_slot[slots])
        return ranks

    @cached_property
    def slot_of_send(self) -> Longs:
        """By send: where it landed, as its client was told or as somebody read it; NONE when nobody knows."""
        return np.where(self.must_have_committed, self.slot_of_record[self.record_of_send], NONE)
