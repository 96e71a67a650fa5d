"""Extracting: a few operations of a history in columns become lines again, such as a person reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from harness.histories.history import NEVER_NS, NONE, Assignment, Ending, History, Kind
from harness.ops import Op, OpType

_TYPES = {Ending.OK: OpType.OK, Ending.FAIL: OpType.FAIL, Ending.INFO: OpType.INFO}


def events_of(history: History, rows: Collection[int]) -> tuple[Op, ...]:
    """Return the lines of these operations, beginnings and ends, in the order in which they happened."""
    events = [event for row in rows for event in _events(history, row)]
    return tuple(sorted(events, key=lambda op: op.index))


def _events(history: History, row: int) -> Iterator[Op]:
    operations = history.operations
    index, end_index = int(operations.index[row]), int(operations.end_index[row])
    process, kind = history.processes[operations.process[row]], Kind(operations.kind[row])
    word = kind.name.lower()
    if index != end_index:
        begun = _invoked(history, row, kind)
        yield Op(index, int(operations.invoked_ns[row]), process, OpType.INVOKE, word, begun)
    if int(operations.ended_ns[row]) != NEVER_NS:
        ended, rest = _ended(history, row, kind), history.rest.get(row, {})
        how = _TYPES[Ending(operations.ending[row])]
        yield Op(end_index, int(operations.ended_ns[row]), process, how, word, ended, rest)


def _rows(column: Any, row: int) -> range:
    start, end = np.searchsorted(column, (row, row + 1))
    return range(int(start), int(end))


def _invoked(history: History, row: int, kind: Kind) -> object:
    sends = history.sends
    if kind in (Kind.SEND, Kind.TXN, Kind.POLL):
        mine = _rows(sends.op, row)
        written = [["send", history.keys[sends.key[at]], history.value(int(sends.value[at]))] for at in mine]
        return written if kind is Kind.SEND else [*written, ["poll"]]
    return value_of(history, row)


def value_of(history: History, row: int) -> object:
    """Return the value of an operation as it stands in a history when it has ended."""
    return _ended(history, row, Kind(history.operations.kind[row]))


def _ended(history: History, row: int, kind: Kind) -> object:
    if kind in (Kind.ASSIGN, Kind.SUBSCRIBE):
        assigned = next((entry for entry in history.assignments if entry.op == row), Assignment(row))
        return list(assigned.topics or [history.keys[key] for key in sorted(assigned.keys)])
    if kind is Kind.OBSERVE:
        return _observed(history, row)
    if kind is Kind.COMMIT:
        return {history.keys[commit.key]: commit.offset for commit in history.commits if commit.op == row}
    return [*_sent(history, row), *_polled(history, row, kind)]


def _sent(history: History, row: int) -> list[list[object]]:
    sends = history.sends
    acknowledged = history.operations.ending[row] == Ending.OK
    found: list[list[object]] = []
    for at in _rows(sends.op, row):
        offset, value = int(sends.offset[at]), history.value(int(sends.value[at]))
        told = offset != NONE or acknowledged
        found.append(
            ["send", history.keys[sends.key[at]], [None if offset == NONE else offset, value] if told else value]
        )
    return found


def _polled(history: History, row: int, kind: Kind) -> list[list[object]]:
    """Return the records that an operation was given, as one poll for each stretch of a key."""
    reads, polls = history.reads, list[list[object]]()
    records: dict[str, list[list[object]]] = {}
    for at in _rows(reads.op, row):
        place = [int(reads.offset[at]), history.value(int(reads.value[at]))]
        records.setdefault(history.keys[reads.key[at]], []).append(place)  # type: ignore[arg-type]
    if records:
        polls.append(["poll", records])
    elif kind is not Kind.SEND:
        polls.append(["poll"])
    return polls


def _observed(history: History, row: int) -> list[list[object]]:
    found: list[list[object]] = []
    for mark in history.watermarks:
        if mark.op == row:
            figures = {"low": mark.low, "high": mark.high, "leader-epoch": mark.leader_epoch}
            told = {name: figure for name, figure in figures.items() if figure != NONE}
            found.append(["watermarks", history.keys[mark.key], told])
    for commit in history.commits:
        if commit.op == row and commit.observed:
            found.append(["committed", commit.group, {history.keys[commit.key]: commit.offset}])
    return found
