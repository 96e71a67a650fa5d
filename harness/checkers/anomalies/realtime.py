"""realtime-order: what was sent after something was acknowledged stands before it in the log."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from harness.histories.history import NEVER_NS, NONE, Ints, Longs
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.versions import Versions

NAME = "realtime-order"


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Walk through each key's log backwards and compare each beginning with the earliest end after it.

    A record that began after another one had ended, but has a lower offset, was put before something that was already
    acknowledged.
    """
    del config  # never legal
    sends = np.flatnonzero(versions.slot_of_send != NONE)
    in_slot = np.full(len(versions.record_in_slot), NONE, dtype=np.int32)
    in_slot[versions.slot_of_send[sends]] = sends
    log = in_slot[in_slot != NONE]  # sends in the order of the log, key by key
    wrong = _begun_after_a_later_end(versions, log)
    rows = log[wrong]
    yield found(NAME, rows, lambda send: _example(versions, log, send), checked=len(log))


def _times(versions: Versions, log: Ints) -> tuple[Longs, Longs]:
    """Return when each send of the log began, and when it was acknowledged (never, unless it ended ok)."""
    operations, op = versions.history.operations, versions.history.sends.op[log]
    ended_ns = np.where(operations.ok[op], operations.ended_ns[op], NEVER_NS)
    return operations.invoked_ns[op], ended_ns


def _begun_after_a_later_end(versions: Versions, log: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    invoked_ns, ended_ns = _times(versions, log)
    keys = versions.history.sends.key[log]
    wrong = np.zeros(len(log), dtype=np.bool_)
    borders = [0, *(np.flatnonzero(keys[1:] != keys[:-1]) + 1), len(log)]
    for start, end in pairwise(borders):
        earliest_ns = np.minimum.accumulate(ended_ns[start:end][::-1])[::-1]
        wrong[start : end - 1] = invoked_ns[start : end - 1] > earliest_ns[1:]
    return wrong


def _example(versions: Versions, log: Ints, late: int) -> Example:
    history, sends = versions.history, versions.history.sends
    after = log[int(np.flatnonzero(log == late)[0]) + 1 :]
    after = after[sends.key[after] == sends.key[late]]
    _, ended_ns = _times(versions, after)
    early = int(after[np.argmin(ended_ns)])
    first, second = (history.value(int(sends.value[send])) for send in (early, late))
    gap_ms = (int(history.operations.invoked_ns[sends.op[late]]) - int(ended_ns.min())) / 1e6
    return Example(
        what=f"{history.keys[sends.key[late]]}: {second!r} was sent {gap_ms:.3f} ms after {first!r} had been "
        "acknowledged, and stands before it",
        ops=(int(sends.op[early]), int(sends.op[late])),
        key=int(sends.key[late]),
        offsets=tuple(int(sends.offset[send]) for send in (early, late) if sends.offset[send] != NONE),
        values=(first, second),
    )
