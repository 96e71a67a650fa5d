"""Building: events, one by one, become a history in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from harness.errors import UsageError
from harness.histories.history import (
    ENDINGS,
    NEVER_NS,
    NONE,
    WORDS,
    Ending,
    Flags,
    History,
    Kind,
    Operations,
    Reads,
    Sends,
)
from harness.histories.particulars import Particulars
from harness.ops import Op, OpType

_ALONE = frozenset({Kind.POLL, Kind.ASSIGN, Kind.SUBSCRIBE, Kind.COMMIT, Kind.OBSERVE})
"""What may be given by its end alone."""


def history_of(ops: Iterable[Op]) -> History:
    """Pair the beginnings and ends of operations and put them into columns."""
    building = _Building()
    for op in ops:
        kind = WORDS.get(op.f)
        if kind is not None:
            building.add(op, kind)
    return building.history()


class _Building:
    """The columns while they grow."""

    def __init__(self) -> None:
        self.index: list[int] = []
        self.end_index: list[int] = []
        self.process: list[int] = []
        self.kind: list[int] = []
        self.ending: list[int] = []
        self.invoked_ns: list[int] = []
        self.ended_ns: list[int] = []
        self.sends: list[tuple[int, int, int]] = []
        self.offset: list[int] = []
        self.reads: list[tuple[int, int, int, int]] = []
        self.keys: dict[str, int] = {}
        self.processes: dict[int | str, int] = {}
        self.values: dict[str, int] = {}
        self.particulars = Particulars(self.keys)
        self._open: dict[int, int] = {}
        self._open_sends: dict[tuple[int, int, int], int] = {}
        self._rows_of_sends: dict[tuple[int, int, int], int] = {}

    def add(self, op: Op, kind: Kind) -> None:
        """Take the next event."""
        process = self.processes.setdefault(op.process, len(self.processes))
        if op.type is OpType.INVOKE:
            self._begin(op, kind, process)
        else:
            self._end(op, kind, process, self._row_of_end(op, kind, process))

    def _begin(self, op: Op, kind: Kind, process: int) -> int:
        row = len(self.index)
        self.index.append(op.index)
        self.end_index.append(NONE)
        self.process.append(process)
        self.kind.append(kind)
        self.ending.append(Ending.INFO)
        self.invoked_ns.append(op.time_ns)
        self.ended_ns.append(NEVER_NS)
        sends = _sends_in(op.value) if kind in (Kind.SEND, Kind.TXN) else ()
        for _, key, payload in sends:
            self._begin_send(row, process, key, payload[1] if isinstance(payload, list | tuple) else payload)
        if kind is Kind.SEND and sends:
            self._open_sends[self._last_send(process)] = row
        else:
            self._open[process] = row
        return row

    def _begin_send(self, row: int, process: int, key: str, value: int | str) -> None:
        place = (process, self.particulars.key(key), self._value(value))
        self._rows_of_sends[place] = len(self.sends)
        self.sends.append((row, place[1], place[2]))
        self.offset.append(NONE)

    def _last_send(self, process: int) -> tuple[int, int, int]:
        _, key, value = self.sends[-1]
        return process, key, value

    def _row_of_end(self, op: Op, kind: Kind, process: int) -> int:
        if kind is Kind.SEND and (sends := _sends_in(op.value)):
            _, key, payload = sends[-1]
            value = payload[1] if isinstance(payload, list | tuple) else payload
            row = self._open_sends.pop((process, self.particulars.key(key), self._value(value)), None)
        else:
            row = self._open.pop(process, None)
        if row is None and kind in _ALONE:
            row = self._begin(op, kind, process)
            self._open.pop(process, None)
        if row is None:
            raise UsageError(
                f"operation {op.index} ends a {op.f} that process {op.process} never began",
                remedy="give the whole history, from its first line on",
            )
        return row

    def _end(self, op: Op, kind: Kind, process: int, row: int) -> None:
        self.end_index[row] = op.index
        self.ending[row] = ENDINGS[op.type]
        self.ended_ns[row] = op.time_ns
        if op.extra:
            self.particulars.add_fields(row, process, op.extra)
        if kind in (Kind.SEND, Kind.POLL, Kind.TXN):
            for micro in op.value:  # type: ignore[attr-defined]
                self._end_micro(micro, process, row)
        elif op.type is OpType.OK:
            self.particulars.add_value(row, kind, op.value)

    def _end_micro(self, micro: Sequence[Any], process: int, row: int) -> None:
        if micro[0] == "send":
            _, key, payload = micro
            if isinstance(payload, list | tuple) and payload[0] is not None:
                self._told(process, key, *payload)
        elif len(micro) > 1:
            for key, records in micro[1].items():
                number = self.particulars.key(key)
                self.reads += [(row, number, offset, self._value(value)) for offset, value in records]

    def _told(self, process: int, key: str, offset: int, value: int | str) -> None:
        """Take the offset of a send of this process."""
        send = self._rows_of_sends.get((process, self.particulars.key(key), self._value(value)))
        if send is None:
            raise UsageError(
                f"process {tuple(self.processes)[process]} was told offset {offset} of {value!r} in {key}, which it "
                "never sent",
                remedy="give the whole history, from its first line on",
            )
        self.offset[send] = offset

    def _value(self, value: int | str) -> int:
        return value if isinstance(value, int) else self.values.setdefault(value, len(self.values))

    def history(self) -> History:
        """Return the whole history; an operation that has not ended is INFO."""
        particulars = self.particulars
        sends = np.array(self.sends, dtype=np.int64).reshape(-1, 3)
        reads = np.array(self.reads, dtype=np.int64).reshape(-1, 4)
        reads = reads[np.argsort(reads[:, 0], kind="stable")]
        return History(
            operations=Operations(
                index=np.array(self.index, dtype=np.int64),
                end_index=np.array(self.end_index, dtype=np.int64),
                process=np.array(self.process, dtype=np.int32),
                kind=np.array(self.kind, dtype=np.int8),
                ending=np.array(self.ending, dtype=np.int8),
                invoked_ns=np.array(self.invoked_ns, dtype=np.int64),
                ended_ns=np.array(self.ended_ns, dtype=np.int64),
                final=flagged(particulars.final, len(self.index)),
                uncommitted=flagged(particulars.uncommitted, len(self.index)),
            ),
            sends=Sends(
                op=sends[:, 0].astype(np.int32),
                key=sends[:, 1].astype(np.int32),
                offset=np.array(self.offset, dtype=np.int64),
                value=sends[:, 2],
            ),
            reads=Reads(
                op=reads[:, 0].astype(np.int32),
                key=reads[:, 1].astype(np.int32),
                offset=reads[:, 2],
                value=reads[:, 3],
            ),
            keys=tuple(self.keys),
            processes=tuple(self.processes),
            values=tuple(self.values) if self.values else None,
            assignments=tuple(particulars.assignments),
            rebalances=particulars.rebalances,
            commits=tuple(particulars.commits),
            watermarks=tuple(particulars.watermarks),
            covered=tuple(particulars.covered),
            groups=particulars.groups,
            rest=particulars.rest,
        )


def flagged(rows: Sequence[int], count: int) -> Flags:
    """Return a column that is true in these rows."""
    flags = np.zeros(count, dtype=np.bool_)
    flags[list(rows)] = True
    return flags


def _sends_in(value: Any) -> list[Any]:
    return [micro for micro in value if micro[0] == "send"]
