"""The columnar form of a history: an Arrow file, one row for each operation, for millions of records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.errors import UsageError
from harness.histories.building import flagged
from harness.histories.extracting import value_of
from harness.histories.history import (
    ENDINGS,
    NEVER_NS,
    NONE,
    WORDS,
    Ending,
    Flags,
    History,
    Ints,
    Kind,
    Longs,
    Operations,
    Reads,
    Sends,
)
from harness.histories.particulars import Particulars
from harness.ops import HISTORY_FORMAT, OpType

MAGIC = b"ARROW1"
_SEND, _READ = 0, 1
_WORD = pa.dictionary(pa.int32(), pa.string())
_ENDS = tuple(end.value for end in (OpType.OK, OpType.FAIL, OpType.INFO))
_KINDS = (*WORDS, "remark")
_HAS_RECORDS = np.array([kind in (Kind.SEND, Kind.POLL, Kind.TXN) for kind in Kind])
"""By kind: whether its value is a list of records."""


def schema(*, worded_values: bool) -> pa.Schema:
    """Return the columns of the file, as docs/history.md has them."""
    value = pa.string() if worded_values else pa.int64()
    record = pa.struct([("micro", pa.int8()), ("key", _WORD), ("offset", pa.int64()), ("value", value)])
    return pa.schema(
        [
            ("index", pa.int64()),
            ("time", pa.int64()),
            ("end_index", pa.int64()),
            ("end_time", pa.int64()),
            ("process", _WORD),
            ("f", _WORD),
            ("type", _WORD),
            ("records", pa.list_(record)),
            ("rest", pa.string()),
        ],
        metadata={"format": HISTORY_FORMAT},
    )


def write(history: History, path: Path) -> None:
    """Write a history as one Arrow file."""
    operations = history.operations
    columns = schema(worded_values=history.values is not None)
    arrays = [
        pa.array(operations.index),
        pa.array(operations.invoked_ns),
        pa.array(operations.end_index, mask=operations.end_index == NONE),
        pa.array(operations.ended_ns, mask=operations.ended_ns == NEVER_NS),
        _words(operations.process, [str(process) for process in history.processes]),
        _words(operations.kind, _KINDS),
        _words(operations.ending, _ENDS),
        _records(history, columns.field("records").type),
        pa.array(_rest(history), type=pa.string()),
    ]
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, columns) as writer:
        writer.write_table(pa.table(arrays, schema=columns))


def _words(numbers: NDArray[Any], words: Any) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32)), pa.array(list(words), pa.string()))


def _records(history: History, type_: pa.ListType) -> pa.ListArray:
    """Bring the sends and reads of each operation together."""
    sends, reads = history.sends, history.reads
    op = np.concatenate((sends.op, reads.op))
    order = np.argsort(op, kind="stable")
    micro = np.concatenate((np.full(len(sends), _SEND), np.full(len(reads), _READ))).astype(np.int8)[order]
    key = np.concatenate((sends.key, reads.key))[order]
    offset = np.concatenate((sends.offset, reads.offset))[order]
    value = np.concatenate((sends.value, reads.value))[order]
    fields = [
        pa.array(micro),
        _words(key, history.keys),
        pa.array(offset, mask=offset == NONE),
        pa.array(value) if history.values is None else pa.array(history.values, pa.string()).take(pa.array(value)),
    ]
    ends = np.searchsorted(op[order], np.arange(len(history.operations) + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.StructArray.from_arrays(fields, fields=list(type_.value_type)))


def _rest(history: History) -> list[str | None]:
    """Return, as JSON, what is told of an operation besides its records."""
    rest: list[str | None] = [None] * len(history.operations)
    for row, fields in history.rest.items():
        rest[row] = json.dumps(dict(fields))
    for row in np.flatnonzero(~_HAS_RECORDS[history.operations.kind]).tolist():
        rest[row] = json.dumps({**history.rest.get(row, {}), "value": value_of(history, row)})
    return rest


def read(path: Path) -> History:
    """Read an Arrow file; one that is not as described is an error that says what was expected."""
    try:
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all().unify_dictionaries()
            table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise UsageError(
            f"{path}: not an Arrow file ({error})", remedy="expected one written by this format"
        ) from error
    _check_schema(table.schema, path)
    return _Reading(table, path).history()


def _check_schema(found: pa.Schema, path: Path) -> None:
    metadata = {name.decode(): word.decode(errors="replace") for name, word in (found.metadata or {}).items()}
    if metadata.get("format") != HISTORY_FORMAT:
        raise UsageError(f"{path}: its format is {metadata.get('format')!r}", remedy=f"expected {HISTORY_FORMAT!r}")
    if not any(found.equals(schema(worded_values=worded)) for worded in (False, True)):
        raise UsageError(
            f"{path}: its columns are {', '.join(f'{field.name}: {field.type}' for field in found)}",
            remedy="expected those of docs/history.md",
        )


class _Reading:
    """The columns of a file, checked and turned into a history."""

    def __init__(self, table: pa.Table, path: Path) -> None:
        self._table, self._path = table, path
        self._rows = len(table)

    def history(self) -> History:
        """Return the history."""
        processes, process = self._numbered("process")
        kind = self._coded("f", {**{word: int(kind) for word, kind in WORDS.items()}, "remark": int(Kind.REMARK)})
        ending = self._coded("type", {end.value: int(code) for end, code in ENDINGS.items()})
        index, invoked_ns = self._longs("index"), self._longs("time")
        end_index, ended_ns = self._longs("end_index", NONE), self._longs("end_time", NEVER_NS)
        self._require(bool((index[1:] > index[:-1]).all()), "index does not grow from row to row")
        self._require(bool((ended_ns >= invoked_ns).all()), "an operation ended before it began")
        self._require(
            bool(((ended_ns != NEVER_NS) | (ending == Ending.INFO)).all()), "an end without a time is not info"
        )
        keys, values, sends, reads = self._records(kind)
        particulars = self._particulars(keys, kind, ending, process)
        return History(
            operations=Operations(
                index=index,
                end_index=end_index,
                process=process,
                kind=kind,
                ending=ending,
                invoked_ns=invoked_ns,
                ended_ns=ended_ns,
                final=flagged(particulars.final, self._rows),
                uncommitted=flagged(particulars.uncommitted, self._rows),
            ),
            sends=sends,
            reads=reads,
            keys=tuple(particulars.keys),
            processes=tuple(int(word) if word.isdecimal() else word for word in processes),
            values=values,
            assignments=tuple(particulars.assignments),
            rebalances=particulars.rebalances,
            commits=tuple(particulars.commits),
            watermarks=tuple(particulars.watermarks),
            covered=tuple(particulars.covered),
            groups=particulars.groups,
            rest=particulars.rest,
        )

    def _require(self, holds: bool, problem: str) -> None:
        if not holds:
            raise UsageError(f"{self._path}: {problem}", remedy="expected what docs/history.md says")

    def _column(self, name: str) -> Any:
        column = self._table.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def _longs(self, name: str, otherwise: int | None = None) -> Longs:
        column = self._column(name)
        if otherwise is None:
            self._require(column.null_count == 0, f"{name} is missing in {column.null_count} rows")
        elif column.null_count:
            column = column.fill_null(otherwise)
        return np.asarray(column)

    def _numbered(self, name: str) -> tuple[list[str], Ints]:
        column = self._column(name)
        self._require(column.null_count == 0, f"{name} is missing in {column.null_count} rows")
        return column.dictionary.to_pylist(), np.asarray(column.indices)

    def _coded(self, name: str, codes: dict[str, int]) -> NDArray[np.int8]:
        words, numbers = self._numbered(name)
        unknown = sorted(set(words) - set(codes)) if name == "type" else []
        self._require(not unknown, f"{name} has {', '.join(unknown)}")
        table = np.array([codes.get(word, Kind.REMARK) for word in words], dtype=np.int8)
        return table[numbers] if len(words) else np.zeros(0, dtype=np.int8)

    def _records(self, kind: NDArray[np.int8]) -> tuple[dict[str, int], tuple[str, ...] | None, Sends, Reads]:
        column = self._column("records")
        self._require(column.null_count == 0, f"records are missing in {column.null_count} rows")
        record = column.flatten()
        micro, key, offset, value = (record.field(name) for name in ("micro", "key", "offset", "value"))
        for name, field in (("micro", micro), ("key", key), ("value", value)):
            self._require(field.null_count == 0, f"a record's {name} is missing")
        is_send = np.asarray(micro) == _SEND
        self._require(bool((is_send | (np.asarray(micro) == _READ)).all()), "a record's micro is neither 0 nor 1")
        op = np.repeat(np.arange(self._rows, dtype=np.int32), np.diff(np.asarray(column.offsets)))
        self._check_places(kind[op], is_send)
        offsets = np.asarray(offset.fill_null(NONE) if offset.null_count else offset)
        told = offsets if not offset.null_count else offsets[np.asarray(offset.is_valid())]
        self._require(bool((told >= 0).all()), "an offset is negative")
        self._require(bool((offsets[~is_send] >= 0).all()), "a record was read without an offset")
        words, numbers = self._values(value)
        keys = {word: number for number, word in enumerate(key.dictionary.to_pylist())}
        columns = op, np.asarray(key.indices), offsets, numbers
        return keys, words, Sends(**_part(columns, is_send)), Reads(**_part(columns, ~is_send))

    def _check_places(self, kind: NDArray[np.int8], is_send: Flags) -> None:
        self._require(bool(_HAS_RECORDS[kind].all()), "an operation has records that can have none")
        self._require(not bool((kind[is_send] == Kind.POLL).any()), "a poll sends")
        self._require(not bool((kind[~is_send] == Kind.SEND).any()), "a send reads")

    def _values(self, value: Any) -> tuple[tuple[str, ...] | None, Longs]:
        if pa.types.is_int64(value.type):
            return None, np.asarray(value)
        worded = value.dictionary_encode()
        return tuple(worded.dictionary.to_pylist()), np.asarray(worded.indices).astype(np.int64)

    def _particulars(
        self, keys: dict[str, int], kind: NDArray[np.int8], ending: NDArray[np.int8], process: Ints
    ) -> Particulars:
        particulars = Particulars(keys)
        rest = self._column("rest")
        for row in np.flatnonzero(np.asarray(rest.is_valid())):
            self._particular(
                particulars, int(row), rest[int(row)].as_py(), Kind(kind[row]), Ending(ending[row]), process
            )
        return particulars

    def _particular(
        self, particulars: Particulars, row: int, text: str, kind: Kind, ending: Ending, process: Ints
    ) -> None:
        try:
            fields = json.loads(text)
            value = fields.pop("value", None)
            if fields:
                particulars.add_fields(row, int(process[row]), fields)
            if not _HAS_RECORDS[kind] and kind is not Kind.REMARK and ending is Ending.OK:
                particulars.add_value(row, kind, value)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise UsageError(
                f"{self._path}: row {row}: rest is {text[:120]!r} ({error!r})",
                remedy="expected JSON with the optional fields of docs/history.md",
            ) from error


def _part(columns: tuple[Any, ...], which: Flags) -> dict[str, Any]:
    """Return the rows of sends or of reads."""
    return dict(zip(("op", "key", "offset", "value"), (column[which] for column in columns), strict=True))
