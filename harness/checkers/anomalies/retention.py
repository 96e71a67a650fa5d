"""retention-early and retention-late: a record went before its retention was over, or stayed long after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from harness.histories.history import NONE, History, Watermarks
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config, Retention
from harness.judging.versions import Versions

EARLY, LATE = "retention-early", "retention-late"


Found = tuple[int, Watermarks, float]
"""A send, the observation that shows it, and the age in milliseconds."""


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Compare each observed start of a log with the ages of the records before and after it.

    A record's age counts from its acknowledgement, for `early` until the observation ended (it was gone by then), for
    `late` until it began (it was still there). Without a retention nothing may be deleted at all.
    """
    history = versions.history
    starts = [mark for mark in history.watermarks if mark.low != NONE and history.operations.ok[mark.op]]
    early, late, expiring = list[Found](), list[Found](), list[Watermarks]()
    for key in {mark.key for mark in starts}:
        mine = [mark for mark in starts if mark.key == key]
        retention = config.retention_of(history.keys[key])
        early += _early(versions, mine, retention)
        if retention is not None:
            late += _late(versions, mine, retention)
            expiring += mine

    def tell_early(row: int) -> Example:
        return _example(history, *early[row], "was gone", config)

    def tell_late(row: int) -> Example:
        return _example(history, *late[row], "was still there", config)

    yield found(EARLY, range(len(early)), tell_early, checked=len(starts))
    yield found(LATE, range(len(late)), tell_late, checked=len(expiring))


def _rows(versions: Versions, mark: Watermarks) -> NDArray[np.intp]:
    """Return the acknowledged sends of the observed key."""
    history, told = versions.history, versions.told
    sends = history.sends
    rows: NDArray[np.intp] = told[(sends.key[told] == mark.key) & history.operations.ok[sends.op[told]]]
    return rows


def _early(versions: Versions, starts: list[Watermarks], retention: Retention | None) -> Iterator[Found]:
    """Give each send once, with the first observation that shows that it went too early."""
    operations, sends = versions.history.operations, versions.history.sends
    seen: set[int] = set()
    for mark in starts:
        rows = _rows(versions, mark)
        rows = rows[sends.offset[rows] < mark.low]
        age_ms = (operations.ended_ns[mark.op] - operations.invoked_ns[sends.op[rows]]) / 1e6
        wrong = np.ones(len(rows), dtype=np.bool_) if retention is None else age_ms < retention.ms
        for row, age in zip(rows[wrong], age_ms[wrong], strict=True):
            if int(row) not in seen:
                seen.add(int(row))
                yield int(row), mark, float(age)


def _late(versions: Versions, starts: list[Watermarks], retention: Retention) -> Iterator[Found]:
    """Give each send once, with the first observation that shows that it stayed too long."""
    operations, sends = versions.history.operations, versions.history.sends
    seen: set[int] = set()
    for mark in starts:
        rows = _rows(versions, mark)
        rows = rows[sends.offset[rows] >= mark.low]
        age_ms = (operations.invoked_ns[mark.op] - operations.ended_ns[sends.op[rows]]) / 1e6
        wrong = age_ms > retention.late_ms
        for row, age in zip(rows[wrong], age_ms[wrong], strict=True):
            if int(row) not in seen:
                seen.add(int(row))
                yield int(row), mark, float(age)


def _example(history: History, send: int, mark: Watermarks, age_ms: float, said: str, config: Config) -> Example:
    sends, retention = history.sends, config.retention_of(history.keys[mark.key])
    said = f"{said}, {retention.ms} ms" if retention else f"{said}, no retention"
    value, offset = history.value(int(sends.value[send])), int(sends.offset[send])
    return Example(
        what=f"{history.keys[mark.key]}: {value!r} at offset {offset} {said}, at an age of {age_ms:.0f} ms (the log "
        f"began at {mark.low})",
        ops=(int(sends.op[send]), mark.op),
        key=mark.key,
        offsets=(offset, mark.low),
        values=(value,),
    )
