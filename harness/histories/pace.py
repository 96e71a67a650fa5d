"""The pace of a history: when the sends outside of transactions began, and when they were acknowledged."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from harness.histories.history import History, Kind, Longs
from harness.runclock import NS_PER_S

Seconds = NDArray[np.float64]


def acknowledged_s(history: History) -> dict[str, Seconds]:
    """Return, by key, when its sends were acknowledged, in seconds of the run's clock."""
    operations, sends = history.operations, history.sends
    rows = np.flatnonzero(_is_plain(history) & operations.ok[sends.op])
    times, keys = operations.ended_ns[sends.op[rows]] / NS_PER_S, sends.key[rows]
    return {key: np.sort(times[keys == number]) for number, key in enumerate(history.keys)}


def sending_ns(history: History, *, keys: Collection[str] | None = None) -> tuple[Longs, Longs]:
    """Return when each send (to some keys) began and when it ended; one that never did has not ended yet."""
    wanted = _is_plain(history)
    if keys is not None:
        wanted &= np.isin(history.sends.key, [number for number, key in enumerate(history.keys) if key in keys])
    rows = history.sends.op[wanted]
    return history.operations.invoked_ns[rows], history.operations.ended_ns[rows]


def _is_plain(history: History) -> NDArray[np.bool_]:
    """By send: whether it is outside of transactions, whose records are acknowledged only at their end."""
    plain: NDArray[np.bool_] = history.operations.kind[history.sends.op] == Kind.SEND
    return plain
