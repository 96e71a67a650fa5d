"""stale-read: an observer was told an end of the log that leaves out what was already acknowledged. No failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from harness.histories.history import NONE, History, Watermarks
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.versions import Versions

NAME = "stale-read"


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Compare each observed end of a log with what had been acknowledged when the observer asked.

    A new leader may not know yet how far the old one's high watermark was. The worst lag is measured, in seconds since
    the first acknowledgement that was missed.
    """
    del config  # always legal
    history = versions.history
    seen = [mark for mark in history.watermarks if mark.high != NONE]
    missed = {row: send for row, mark in enumerate(seen) if (send := _missed(versions, mark)) is not None}
    lag_s = {row: _lag_s(history, seen[row], send) for row, send in missed.items()}
    worst_first = sorted(missed, key=lambda row: -lag_s[row])

    def tell(row: int) -> Example:
        return _example(history, seen[row], missed[row], lag_s[row])

    worst_s = max(lag_s.values(), default=0.0)
    anomaly = found(NAME, worst_first, tell, checked=len(seen), legal=True)
    yield replace(anomaly, measured={"worst_lag_s": round(worst_s, 6)})


def _missed(versions: Versions, mark: Watermarks) -> int | None:
    """Return the first acknowledged send that this end of the log does not include, though it was before the asking."""
    history, told = versions.history, versions.told
    sends, operations = history.sends, history.operations
    op = sends.op[told]
    before = operations.ok[op] & (operations.ended_ns[op] < operations.invoked_ns[mark.op])
    rows = told[before & (sends.key[told] == mark.key) & (sends.offset[told] >= mark.high)]
    return int(rows[np.argmin(operations.ended_ns[sends.op[rows]])]) if len(rows) else None


def _lag_s(history: History, mark: Watermarks, send: int) -> float:
    operations = history.operations
    return float(operations.invoked_ns[mark.op] - operations.ended_ns[history.sends.op[send]]) / 1e9


def _example(history: History, mark: Watermarks, send: int, lag_s: float) -> Example:
    offset = int(history.sends.offset[send])
    return Example(
        what=f"{history.keys[mark.key]}: the end was said to be {mark.high}, {lag_s:.3f} s after offset {offset} had "
        "been acknowledged",
        ops=(int(history.sends.op[send]), mark.op),
        key=mark.key,
        offsets=(offset, mark.high),
        values=(history.value(int(history.sends.value[send])),),
    )
