"""poll-skip and nonmonotonic-poll, between the polls of one process and (int-) within one poll."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.histories.history import NONE, Flags, History
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Assigned, Config
from harness.judging.grouping import Grouped, by_process_and_key
from harness.judging.versions import Versions

Rows = NDArray[np.intp]


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Compare each read with the one before it of the same process and key.

    Within an operation that is its last read of the key. Between operations it is the last read of an operation that
    ended ok: others are compared, but do not move the mark. Who was assigned other keys meanwhile keeps the mark only
    for keys that stayed; a process that subscribed may be moved at any time, so its jumps are told and are no failure.
    """
    pairs = _Pairs(versions)
    subscribed = _subscribed(versions.history, config)[versions.history.operations.process[versions.history.reads.op]]
    excused = pairs.rebalanced_within
    inner, outer = pairs.same_operation & ~excused, ~pairs.same_operation & (pairs.before != NONE)
    checked = int((pairs.before != NONE).sum())
    for name, wrong, said in (("poll-skip", pairs.step > 1, "skipped"), ("nonmonotonic-poll", pairs.step < 1, "back")):
        yield _anomaly(pairs, f"int-{name}", inner & wrong, said, checked=checked)
        within = outer & wrong & ~pairs.forgotten(outer & wrong)
        if config.retention is not None and name == "poll-skip":
            within &= ~pairs.expired(within, config)
        illegal = within & ~subscribed
        if illegal.any() or not within.any():
            yield _anomaly(pairs, name, illegal, said, checked=checked)
        else:
            yield _anomaly(pairs, name, within, said, checked=checked, legal=True)


@dataclass(frozen=True)
class _Pairs:
    """By read: the read that it is compared with."""

    versions: Versions

    @cached_property
    def _grouped(self) -> Grouped:
        history = self.versions.history
        process = history.operations.process[history.reads.op]
        return by_process_and_key(process, history.reads.key, keys=len(history.keys))

    @cached_property
    def before(self) -> Rows:
        """By read: the read of the same process and key that it is compared with, or NONE."""
        rows, begins = self._grouped.rows, self._grouped.begins
        ordered_ops = self.versions.history.reads.op[rows]
        ok = self.versions.read_is_ok[rows]
        place = np.arange(len(rows))
        same = np.zeros(len(rows), dtype=np.bool_)
        same[1:] = (ordered_ops[1:] == ordered_ops[:-1]) & ~begins[1:]
        mark = place - 1
        if not ok.all():
            last_ok = np.maximum.accumulate(np.where(ok, place, NONE))
            mark = np.where(same, mark, np.concatenate(([NONE], last_ok[:-1])) if len(rows) else mark)
        start = np.maximum.accumulate(np.where(begins, place, 0))
        before = np.full(len(rows), NONE, dtype=np.intp)
        before[rows] = np.where(mark >= start, rows[mark], NONE) if len(rows) else NONE
        return before

    @cached_property
    def same_operation(self) -> Flags:
        op = self.versions.history.reads.op
        same: Flags = (self.before != NONE) & (op[self.before] == op)
        return same

    @cached_property
    def step(self) -> NDArray[np.int64]:
        """By read: how many places it is after the one before; 1 is right. 1 where there is none before it."""
        rank = self.versions.rank_of_read
        return np.where(self.before != NONE, rank - rank[self.before], 1)

    @cached_property
    def rebalanced_within(self) -> Flags:
        """By read: whether its key is in the rebalance log of its operation."""
        history = self.versions.history
        excused = np.zeros(len(history.reads), dtype=np.bool_)
        for op, keys in history.rebalances.items():
            start, end = np.searchsorted(history.reads.op, (op, op + 1))
            excused[start:end] = np.isin(history.reads.key[start:end], list(keys))
        return excused

    def forgotten(self, wrong: Flags) -> Flags:
        """By read: whether its process was given other keys since the read before, so that the mark is void."""
        history = self.versions.history
        void = np.zeros(len(wrong), dtype=np.bool_)
        resets = _resets(history)
        for row in np.flatnonzero(wrong) if resets else ():
            process, key = int(history.operations.process[history.reads.op[row]]), int(history.reads.key[row])
            since, until = int(history.reads.op[self.before[row]]), int(history.reads.op[row])
            void[row] = any(since < op < until for op in resets.get((process, key), ()))
        return void

    def expired(self, skipping: Flags, config: Config) -> Flags:
        """By read: whether all that it skipped was older than its retention when the poll ended."""
        history, told = self.versions.history, self.versions.told
        sends, operations, reads = history.sends, history.operations, history.reads
        excused = np.zeros(len(skipping), dtype=np.bool_)
        for row in np.flatnonzero(skipping):
            retention = config.retention_of(history.keys[reads.key[row]])
            after, until = reads.offset[self.before[row]], reads.offset[row]
            offsets = sends.offset[told]
            skipped = told[(sends.key[told] == reads.key[row]) & (offsets > after) & (offsets < until)]
            age_ms = (operations.ended_ns[reads.op[row]] - operations.invoked_ns[sends.op[skipped]]) / 1e6
            excused[row] = retention is not None and len(skipped) > 0 and bool((age_ms >= retention.ms).all())
        return excused


def _resets(history: History) -> dict[tuple[int, int], list[int]]:
    """Return the operations that took a key from a process or gave it anew."""
    owned: dict[int, frozenset[int]] = {}
    resets: dict[tuple[int, int], list[int]] = {}
    for assignment in history.assignments:
        process = int(history.operations.process[assignment.op])
        before = owned.get(process, frozenset())
        for key in before ^ assignment.keys:
            resets.setdefault((process, key), []).append(assignment.op)
        owned[process] = assignment.keys
    return resets


def _subscribed(history: History, config: Config) -> Flags:
    """By process: whether it may be moved, because it subscribed."""
    flags = np.full(len(history.processes), config.assignment is Assigned.SUBSCRIBE)
    if config.assignment is not Assigned.AS_RECORDED:
        return flags
    for assignment in history.assignments:
        if assignment.subscribed:
            flags[history.operations.process[assignment.op]] = True
    return flags


def _anomaly(pairs: _Pairs, name: str, wrong: Flags, said: str, *, checked: int, legal: bool = False) -> Anomaly:
    rows = np.flatnonzero(wrong)
    return found(name, rows, lambda row: _example(pairs, row, said), checked=checked, legal=legal)


def _example(pairs: _Pairs, read: int, said: str) -> Example:
    versions = pairs.versions
    history, reads, before = versions.history, versions.history.reads, int(pairs.before[read])
    key, process = int(reads.key[read]), history.processes[history.operations.process[reads.op[read]]]
    offsets = int(reads.offset[before]), int(reads.offset[read])
    skipped = _witness_between(versions, key, *offsets) if said == "skipped" else ()
    ops = int(reads.op[before]), int(reads.op[read])
    step = f"from offset {offsets[0]} to {offsets[1]}"
    what = f"went {said} {step}" if said == "back" else f"skipped records {step}"
    return Example(
        what=f"{history.keys[key]}: process {process} {what}",
        ops=tuple(dict.fromkeys((*_assigned(history, int(reads.op[read])), *skipped, *ops))),
        key=key,
        offsets=offsets,
        values=tuple(history.value(int(reads.value[row])) for row in (before, read)),
    )


def _assigned(history: History, op: int) -> tuple[int, ...]:
    """Return the operation by which the process of this one last got its keys."""
    process = history.operations.process
    mine = [one.op for one in history.assignments if process[one.op] == process[op] and one.op < op]
    return tuple(mine[-1:])


def _witness_between(versions: Versions, key: int, after: int, until: int) -> tuple[int, ...]:
    """Return an operation that shows that there was a record between two offsets."""
    history, told = versions.history, versions.told
    for table, rows in ((history.sends, told), (history.reads, np.arange(len(history.reads)))):
        offsets = table.offset[rows]
        hits = rows[(table.key[rows] == key) & (offsets > after) & (offsets < until)]
        if len(hits):
            return (int(table.op[hits[0]]),)
    return ()
