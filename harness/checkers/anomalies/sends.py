"""nonmonotonic-send, int-nonmonotonic-send and int-send-skip: in which order the sends of one process landed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from harness.histories.history import NONE, Flags
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.grouping import by_process_and_key
from harness.judging.versions import Versions

Rows = NDArray[np.intp]


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Compare where each send landed with the one before it of the same process and key.

    Only sends count that must have committed and whose place is known. An idempotent producer never lands them in
    another order; that others write between the sends of one operation is legal.
    """
    before, after = _pairs(versions)
    slot, op = versions.slot_of_send, versions.history.sends.op
    within = op[before] == op[after]
    back = slot[after] <= slot[before]
    rank = versions.rank_of_slot
    apart = rank[slot[after]] - rank[slot[before]] > 1
    checked, legal = len(after), not config.idempotence
    yield _anomaly(versions, "nonmonotonic-send", before, after, back & ~within, checked=checked, legal=legal)
    yield _anomaly(versions, "int-nonmonotonic-send", before, after, back & within, checked=checked, legal=legal)
    yield _anomaly(versions, "int-send-skip", before, after, apart & within, checked=checked, legal=True)


def _pairs(versions: Versions) -> tuple[Rows, Rows]:
    """Return each send that has a place with the one before it of the same process and key."""
    history = versions.history
    placed = np.flatnonzero(versions.slot_of_send != NONE)
    process, key = history.operations.process[history.sends.op[placed]], history.sends.key[placed]
    grouped = by_process_and_key(process, key, keys=len(history.keys))
    rows = placed[grouped.rows]
    linked = ~grouped.begins[1:]
    return rows[:-1][linked], rows[1:][linked]


def _anomaly(
    versions: Versions, name: str, before: Rows, after: Rows, wrong: Flags, *, checked: int, legal: bool
) -> Anomaly:
    rows = np.flatnonzero(wrong)

    def tell(row: int) -> Example:
        return _example(versions, name, int(before[row]), int(after[row]))

    return found(name, rows, tell, checked=checked, legal=legal)


def _example(versions: Versions, name: str, before: int, after: int) -> Example:
    history, sends = versions.history, versions.history.sends
    key, process = int(sends.key[before]), history.processes[history.operations.process[sends.op[before]]]
    first, second = (history.value(int(sends.value[row])) for row in (before, after))
    places = tuple(_offset_of(versions, row) for row in (before, after))
    how = "with others between them" if name == "int-send-skip" else "and the second landed before the first"
    between = _between(versions, before, after) if name == "int-send-skip" else ()
    return Example(
        what=f"{history.keys[key]}: process {process} sent {first!r} and then {second!r}, {how} (offsets {places[0]} "
        f"and {places[1]})",
        ops=tuple(dict.fromkeys((int(sends.op[before]), int(sends.op[after]), *between))),
        key=key,
        offsets=places,
        values=(first, second),
    )


def _between(versions: Versions, before: int, after: int) -> tuple[int, ...]:
    """Return an operation whose record landed between two sends."""
    slots, told = versions.slot_of_told, versions.told
    inside = (slots > versions.slot_of_send[before]) & (slots < versions.slot_of_send[after])
    if inside.any():
        return (int(versions.history.sends.op[told[inside][0]]),)
    read = versions.slot_of_read
    rows = np.flatnonzero((read > versions.slot_of_send[before]) & (read < versions.slot_of_send[after]))
    return tuple(int(op) for op in versions.history.reads.op[rows[:1]])


def _offset_of(versions: Versions, send: int) -> int:
    """Return the offset that the client was told, or else that a reader saw."""
    history = versions.history
    told = int(history.sends.offset[send])
    if told != NONE:
        return told
    rows = np.flatnonzero(versions.record_of_read == versions.record_of_send[send])
    return int(history.reads.offset[rows[0]])
