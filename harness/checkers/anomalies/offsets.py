"""inconsistent-offsets and duplicate: one offset holds two values; one value stands at two offsets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.histories.history import Longs
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.versions import Versions


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Compare each told and each read place of a record with the one slot and the one record that it should be."""
    records = np.concatenate((versions.record_of_send[versions.told], versions.record_of_read))
    slots = np.concatenate((versions.slot_of_told, versions.slot_of_read))
    torn = _one_of_each(slots, versions.record_in_slot[slots] != records)
    yield found("inconsistent-offsets", torn, lambda row: _torn(versions, slots, row), checked=len(slots))
    twice = _one_of_each(records, versions.slot_of_record[records] != slots)
    legal = not config.idempotence
    yield found("duplicate", twice, lambda row: _twice(versions, records, row), checked=len(slots), legal=legal)


def _one_of_each(things: Longs, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    """Keep one row for each slot or record: what many clients saw is one finding."""
    rows = np.flatnonzero(wrong)
    _, first = np.unique(things[rows], return_index=True)
    return [int(row) for row in rows[first]]


def _torn(versions: Versions, slots: Longs, row: int) -> Example:
    (op, key, offset, value), others = _places(versions, slots, row)
    other = next(place for place in others if place[3] != value)
    said = f"offset {offset} holds {versions.history.value(other[3])!r} and {versions.history.value(value)!r}"
    return _example(versions, said, (op, key, offset, value), other)


def _twice(versions: Versions, records: Longs, row: int) -> Example:
    (op, key, offset, value), others = _places(versions, records, row)
    other = next(place for place in others if place[2] != offset)
    said = f"{versions.history.value(value)!r} stands at offsets {other[2]} and {offset}"
    return _example(versions, said, (op, key, offset, value), other)


_Place = tuple[int, int, int, int]
"""Operation, key, offset and value."""


def _places(versions: Versions, things: Longs, row: int) -> tuple[_Place, list[_Place]]:
    """Return what this row says, and what all rows with the same slot or record say."""
    return _place(versions, row), [_place(versions, int(same)) for same in np.flatnonzero(things == things[row])]


def _place(versions: Versions, row: int) -> _Place:
    """Read a row of the told sends, after which the reads are counted."""
    history, told = versions.history, versions.told
    table = history.sends if row < len(told) else history.reads
    at = int(told[row]) if row < len(told) else row - len(told)
    return int(table.op[at]), int(table.key[at]), int(table.offset[at]), int(table.value[at])


def _example(versions: Versions, said: str, one: _Place, other: _Place) -> Example:
    history, key = versions.history, one[1]
    values = tuple(dict.fromkeys(history.value(place[3]) for place in (other, one)))
    return Example(
        what=f"{history.keys[key]}: {said}",
        ops=tuple(dict.fromkeys((other[0], one[0]))),
        key=key,
        offsets=tuple(dict.fromkeys((other[2], one[2]))),
        values=values,
    )
