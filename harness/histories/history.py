"""A history in columns: what clients saw, in the form in which checkers read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.ops import OpType

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.int8]
Flags = NDArray[np.bool_]

NONE = -1
"""No such line, and no such offset."""

NEVER_NS = int(np.iinfo(np.int64).max)
"""When an operation ended that never did."""


class Kind(IntEnum):
    """What an operation is; everything that is not judged is a REMARK."""

    SEND = 0
    POLL = 1
    TXN = 2
    ASSIGN = 3
    SUBSCRIBE = 4
    COMMIT = 5
    OBSERVE = 6
    REMARK = 7


WORDS = {kind.name.lower(): kind for kind in Kind if kind is not Kind.REMARK}
"""The kinds by their words in a history."""


class Ending(IntEnum):
    """How an operation ended; one that never ended is INFO."""

    OK = 0
    FAIL = 1
    INFO = 2


ENDINGS = {OpType.OK: Ending.OK, OpType.FAIL: Ending.FAIL, OpType.INFO: Ending.INFO}


@dataclass(frozen=True, kw_only=True)
class Operations:
    """One row for each operation, in the order in which they began; one process's rows ascend in time."""

    index: Longs
    end_index: Longs
    process: Ints
    kind: Bytes
    ending: Bytes
    invoked_ns: Longs
    ended_ns: Longs
    final: Flags
    uncommitted: Flags

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def ok(self) -> Flags:
        ended_ok: Flags = self.ending == Ending.OK
        return ended_ok


@dataclass(frozen=True, kw_only=True)
class Sends:
    """One row for each record that somebody tried to write, in the order of their operations.

    `op` is a row of the operations, `key` and `value` are numbers; `offset` is NONE where the client was told none.
    """

    op: Ints
    key: Ints
    offset: Longs
    value: Longs

    def __len__(self) -> int:
        return len(self.op)


@dataclass(frozen=True, kw_only=True)
class Reads:
    """One row for each record that somebody was given, in the order of their operations and then of delivery."""

    op: Ints
    key: Ints
    offset: Longs
    value: Longs

    def __len__(self) -> int:
        return len(self.op)


@dataclass(frozen=True, slots=True)
class Assignment:
    """An operation `assign` with its keys, or `subscribe` with its topics, whose keys only rebalance logs tell."""

    op: int
    keys: frozenset[int] = frozenset()
    topics: tuple[str, ...] | None = None

    @property
    def subscribed(self) -> bool:
        return self.topics is not None


@dataclass(frozen=True, slots=True)
class Commit:
    """A group's next offset of one key, committed by an operation or (`observed`) reported to one."""

    op: int
    group: str
    key: int
    offset: int
    observed: bool


@dataclass(frozen=True, slots=True)
class Watermarks:
    """What an observer was told about one key; NONE for what it was not told."""

    op: int
    key: int
    low: int
    high: int
    leader_epoch: int


@dataclass(frozen=True, slots=True)
class Covered:
    """A final read covered the offsets of a key from `low` to `high` (excluded)."""

    process: int
    key: int
    low: int
    high: int


@dataclass(frozen=True, kw_only=True)
class History:
    """What clients saw. Numbers stand for keys, processes and values; `values` is None when values are numbers.

    By operation: `rebalances` has the keys of its rebalance log, `groups` its group, `rest` its optional fields.
    """

    operations: Operations
    sends: Sends
    reads: Reads
    keys: tuple[str, ...]
    processes: tuple[int | str, ...]
    values: tuple[str, ...] | None = None
    assignments: tuple[Assignment, ...] = ()
    rebalances: Mapping[int, frozenset[int]] = field(default_factory=dict)
    commits: tuple[Commit, ...] = ()
    watermarks: tuple[Watermarks, ...] = ()
    covered: tuple[Covered, ...] = ()
    groups: Mapping[int, str] = field(default_factory=dict)
    rest: Mapping[int, Mapping[str, object]] = field(default_factory=dict)

    def value(self, number: int) -> int | str:
        """Return a record's value as it stands in the history."""
        return int(number) if self.values is None else self.values[number]
