"""The picture of a finding: the stretch of a key's log around it, who wrote it, and what each reader got of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.histories.history import NEVER_NS, NONE, Ending, Ints, Kind, Longs
from harness.judging.anomaly import Example
from harness.judging.versions import Versions

MOST_ROWS = 16
MOST_FOCUS = 4
"""How many offsets of a finding are looked at; of more, the first ones and the last."""

MOST_READERS = 8
MOST_FINALS = 2
MOST_TIMES = 3
"""How many times of one reader reading one record again and again are told; all are counted."""

_AROUND = (3, 2, 1, 0)
"""How many records before and after each offset are shown: the first of these with which there is room."""

_ENDINGS = {Ending.OK: "ok", Ending.FAIL: "fail", Ending.INFO: "info"}
_Rows = NDArray[np.intp]


class Place(StrEnum):
    """What is known of where a record stands."""

    READ = "read"
    """Somebody read it there."""
    TOLD = "told"
    """Its sender was told so, and nobody read it there."""
    NOWHERE = "nowhere"
    """Nobody knows an offset of it."""


class Seen(StrEnum):
    """What a reader has to do with a record."""

    READ = "read"
    READ_UNSURE = "read-unsure"
    """Read by an operation that did not end ok."""
    PASSED = "passed"
    """Not read, though records before and after it were."""
    MISSING = "missing"
    """Passed over, and it should have been read: it must have been written, and the finding or a final read is here."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who tried to write a record: the operation `f`, how it ended, and the offset that it was told, if it was."""

    process: int | str
    index: int
    f: str
    ended: str
    sent_ns: int
    ended_ns: int | None
    offset: int | None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One column: a process that read the key; `named` says that the finding names one of its operations.

    `covered` is what a final reader says it covered, its end excluded.
    """

    process: int | str
    final: bool
    named: bool
    covered: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one reader has to do with one record, when (the first times that it read it), and how often it read it."""

    seen: Seen
    times_ns: tuple[int, ...] = ()
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row: a record at an offset; a phantom has no sender. There is one cell for each reader, None for nothing."""

    kind: str = field(default="record", init=False)
    offset: int | None
    value: int | str
    place: Place
    marked: bool
    sender: Sender | None
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, kw_only=True)
class Hole:
    """One row: offsets at which nobody knows a record, such as the marker that ends a transaction."""

    kind: str = field(default="hole", init=False)
    first: int
    last: int
    marked: bool = False


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One row: offsets that are left out, and how many of them hold records."""

    kind: str = field(default="gap", init=False)
    first: int
    last: int
    records: int


Row = Record | Hole | Gap


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A stretch of one key's log, the offsets ascending, records without an offset at its end."""

    key: str
    readers: tuple[Reader, ...]
    readers_left_out: int
    rows: tuple[Row, ...]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def picture_of(versions: Versions, example: Example) -> Picture | None:
    """Draw the log around an example; None when it names no key, or nothing that is known to be in its key."""
    if example.key is None:
        return None
    log = _Log(versions, example, example.key)
    columns = log.columns
    finals = [column for column in columns if column.reader.final][:MOST_FINALS]
    others = [column for column in columns if not column.reader.final]
    shown = [*others[: MOST_READERS - len(finals)], *finals]
    rows = (*log.rows(log.chosen, shown), *log.nowhere(shown))
    if not any(isinstance(row, Record) for row in rows):
        return None
    return Picture(
        key=versions.history.keys[example.key],
        readers=tuple(column.reader for column in shown),
        readers_left_out=len(columns) - len(shown),
        rows=rows,
    )


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A reader, the number of its process, and the offsets that it went over, both ends included."""

    reader: Reader
    process: int
    low: int
    high: int


@dataclass(frozen=True)
class _Log:
    """What a history knows of one key, as rows of its sends and reads, and what an example looks at in it."""

    versions: Versions
    example: Example
    key: int

    @cached_property
    def sends(self) -> _Rows:
        return np.flatnonzero(self.versions.history.sends.key == self.key)

    @cached_property
    def reads(self) -> _Rows:
        return np.flatnonzero(self.versions.history.reads.key == self.key)

    @cached_property
    def told(self) -> _Rows:
        """The sends whose clients were told an offset."""
        told: _Rows = self.sends[self.versions.history.sends.offset[self.sends] != NONE]
        return told

    @cached_property
    def places(self) -> Longs:
        """The offsets at which somebody knows a record."""
        history = self.versions.history
        return np.unique(np.concatenate((history.sends.offset[self.told], history.reads.offset[self.reads])))

    @cached_property
    def values(self) -> Longs:
        """The numbers of the example's values, found in what its operations sent and read of the key."""
        history, ops = self.versions.history, np.array(self.example.ops, dtype=np.int64)
        sent = history.sends.value[self.sends[np.isin(history.sends.op[self.sends], ops)]]
        read = history.reads.value[self.reads[np.isin(history.reads.op[self.reads], ops)]]
        numbers = [int(number) for number in np.unique(np.concatenate((sent, read)))]
        return np.array([number for number in numbers if history.value(number) in self.example.values], dtype=np.int64)

    @cached_property
    def focus(self) -> list[int]:
        """The offsets that the example is about: those that it names, and those of its values."""
        sends, reads = self.versions.history.sends, self.versions.history.reads
        told = sends.offset[self.told[np.isin(sends.value[self.told], self.values)]]
        read = reads.offset[self.reads[np.isin(reads.value[self.reads], self.values)]]
        focus = sorted({*self.example.offsets, *told.tolist(), *read.tolist()})
        return focus if len(focus) <= MOST_FOCUS else [*focus[: MOST_FOCUS - 1], focus[-1]]

    @cached_property
    def chosen(self) -> list[int]:
        """The offsets to show: the focus and some records around it, as many as there is room for."""
        tried = (self._around(near) for near in _AROUND)
        fits = (chosen for chosen in tried if len(list(self.rows(chosen, ()))) <= MOST_ROWS)
        return next(fits, self.focus)

    @cached_property
    def near_told(self) -> _Rows:
        """The sends that were told an offset which may be shown."""
        offsets = self.versions.history.sends.offset[self.told]
        return self.told[np.isin(offsets, self._around(_AROUND[0]))]

    @cached_property
    def near_reads(self) -> _Rows:
        """The reads of what may be shown."""
        offsets = self.versions.history.reads.offset[self.reads]
        return self.reads[np.isin(offsets, self._around(_AROUND[0]))]

    def _around(self, near: int) -> list[int]:
        at = np.searchsorted(self.places, self.focus)[:, None] + np.arange(-near, near + 1)
        known = np.unique(np.clip(at, -1, len(self.places)))
        # A single record that is left out would take as much room as it does when it is shown.
        bounds = np.unique(np.concatenate(([-1], known, [len(self.places)])))
        known = np.union1d(bounds, bounds[:-1][np.diff(bounds) == 2] + 1)
        inside = known[(known >= 0) & (known < len(self.places))]
        return sorted({*self.focus, *self.places[inside].tolist()})

    @cached_property
    def columns(self) -> list[_Column]:
        """The readers: those that the example names, then those of what is shown, then those of the end."""
        operations, reads = self.versions.history.operations, self.versions.history.reads
        near = self.near_reads[np.isin(reads.offset[self.near_reads], self.chosen)]
        finals = self.reads[operations.final[reads.op[self.reads]]]
        named = [int(operations.process[op]) for op in self.example.ops]
        covering = [covered.process for covered in self.versions.history.covered if covered.key == self.key]
        last = {*np.unique(operations.process[reads.op[finals]]).tolist(), *covering}
        had = set(np.unique(operations.process[reads.op[self.reads]]).tolist())
        first = [process for process in named if process in had]
        order = dict.fromkeys((*first, *operations.process[reads.op[near]].tolist()))
        return [self._column(process, named=process in named) for process in order if process not in last] + [
            self._column(process, named=process in named, final=True) for process in sorted(last)
        ]

    def _column(self, process: int, *, named: bool, final: bool = False) -> _Column:
        history = self.versions.history
        mine = history.reads.offset[self.reads[self._reader_of_read == process]]
        covered = next(
            ((one.low, one.high) for one in history.covered if (one.process, one.key) == (process, self.key)), None
        )
        low = covered[0] if covered and final else int(mine.min())
        high = NEVER_NS if final else int(mine.max())  # what is cut off at the end is missing from a final read, too
        reader = Reader(process=history.processes[process], final=final, named=named, covered=covered)
        return _Column(reader=reader, process=process, low=low, high=high)

    @cached_property
    def _reader_of_read(self) -> Ints:
        history = self.versions.history
        return history.operations.process[history.reads.op[self.reads]]

    def rows(self, chosen: Iterable[int], columns: Iterable[_Column]) -> Iterator[Row]:
        """Give the rows of these offsets, and what is between, before and after them."""
        before, columns = int(self.places[0]) - 1 if len(self.places) else None, tuple(columns)
        for offset in chosen:
            if before is not None:
                yield from self._between(before, offset)
            yield from self._at(offset, columns)
            before = offset
        if before is not None and len(self.places):
            yield from self._between(before, int(self.places[-1]) + 1)

    def _between(self, low: int, high: int) -> Iterator[Row]:
        start, end = np.searchsorted(self.places, (low + 1, high))
        if end > start:
            yield Gap(first=low + 1, last=high - 1, records=int(end - start))
        elif high > low + 1:
            yield Hole(first=low + 1, last=high - 1)

    def _at(self, offset: int, columns: tuple[_Column, ...]) -> Iterator[Row]:
        history = self.versions.history
        told = history.sends.value[self.near_told[history.sends.offset[self.near_told] == offset]]
        read = history.reads.value[self.near_reads[history.reads.offset[self.near_reads] == offset]]
        values = list(dict.fromkeys((*told.tolist(), *read.tolist())))
        for value in values:
            yield self._record(offset, value, Place.READ if value in read else Place.TOLD, columns)
        if not values:
            yield Hole(first=offset, last=offset, marked=True)

    def nowhere(self, columns: Iterable[_Column]) -> Iterator[Row]:
        """Give those records of the example that were sent and that nobody knows an offset of."""
        history = self.versions.history
        read, told = history.reads.value[self.reads], history.sends.value[self.told]
        for value in self.values.tolist():
            if value not in read and value not in told:
                yield self._record(None, value, Place.NOWHERE, tuple(columns))

    def _record(self, offset: int | None, value: int, place: Place, columns: tuple[_Column, ...]) -> Record:
        mine = self.sends[self.versions.history.sends.value[self.sends] == value]
        send = int(mine[0]) if len(mine) else None
        marked = offset in self.example.offsets or value in self.values
        expected = place is Place.READ if send is None else bool(self.versions.must_have_committed[send])
        return Record(
            offset=offset,
            value=self.versions.history.value(value),
            place=place,
            marked=marked,
            sender=None if send is None else self._sender(send),
            cells=tuple(self._cell(offset, value, column, expected=expected, marked=marked) for column in columns),
        )

    def _sender(self, send: int) -> Sender:
        history, op = self.versions.history, int(self.versions.history.sends.op[send])
        operations, offset = history.operations, int(history.sends.offset[send])
        ended_ns = int(operations.ended_ns[op])
        return Sender(
            process=history.processes[operations.process[op]],
            index=int(operations.index[op]),
            f=Kind(operations.kind[op]).name.lower(),
            ended=_ENDINGS[Ending(operations.ending[op])],
            sent_ns=int(operations.invoked_ns[op]),
            ended_ns=None if ended_ns == NEVER_NS else ended_ns,
            offset=None if offset == NONE else offset,
        )

    def _cell(self, offset: int | None, value: int, column: _Column, *, expected: bool, marked: bool) -> Cell | None:
        operations, reads = self.versions.history.operations, self.versions.history.reads
        near = self.near_reads
        same = (reads.offset[near] == offset) & (reads.value[near] == value)
        here = near[same & (operations.process[reads.op[near]] == column.process)]
        if len(here):
            ops = reads.op[here]
            seen = Seen.READ if operations.ok[ops].any() else Seen.READ_UNSURE
            times_ns = operations.ended_ns[ops[:MOST_TIMES]].tolist()
            return Cell(seen=seen, times_ns=tuple(times_ns), count=len(here))
        if offset is None:
            return Cell(seen=Seen.MISSING) if expected and column.reader.final else None
        if not column.low <= offset <= column.high:
            return None
        return Cell(seen=Seen.MISSING if expected and self._matters(offset, column, marked=marked) else Seen.PASSED)

    def _matters(self, offset: int, column: _Column, *, marked: bool) -> bool:
        """Say whether a reader that passes over an offset has to do with the finding, or should have read it all."""
        within = bool(self.focus) and self.focus[0] <= offset <= self.focus[-1]
        return marked or column.reader.final or (column.reader.named and within)
