"""lost-write and unseen: what was acknowledged and then nobody read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.histories.history import NONE, Flags, Longs
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.finals import final_ops
from harness.judging.retained import deleted_by_retention
from harness.judging.versions import Versions

LATER_ONES = "although later ones were"


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Look for writes that must have committed and that no operation that ended ok has read.

    Before the last record that such an operation read in the key it is a lost write. Anything acknowledged that was
    not read at all is unseen; whether that is wrong can be said only after a final read of its key.
    """
    history = versions.history
    missing = versions.must_have_committed & ~versions.send_was_read & ~deleted_by_retention(versions, config)
    checked = int(versions.must_have_committed.sum())
    lost = np.flatnonzero(missing & _before_the_last_read(versions))
    yield found("lost-write", lost, lambda send: _example(versions, send, LATER_ONES), checked=checked)

    acknowledged = history.operations.ok[history.sends.op]
    unseen = missing & acknowledged
    final = _finally_read(versions)[history.sends.key] if len(history.sends) else unseen
    rows = np.flatnonzero(unseen & final)
    anomaly = found(
        "unseen", rows, lambda send: _example(versions, send, "by the end"), checked=int(acknowledged.sum())
    )
    yield _unless_unread(anomaly, int((unseen & ~final).sum()))


def _before_the_last_read(versions: Versions) -> Flags:
    """By send: whether its slot is known and comes before the last slot of its key that an ok operation read."""
    history = versions.history
    slots, keys = versions.slot_of_read[versions.read_is_ok], history.reads.key[versions.read_is_ok]
    last = np.full(len(history.keys), NONE, dtype=np.int64)
    np.maximum.at(last, keys, slots)
    known: Longs = versions.slot_of_send
    before: Flags = (known != NONE) & (known <= last[history.sends.key])
    return before


def _finally_read(versions: Versions) -> Flags:
    """By key: whether somebody read all of it in the end."""
    history = versions.history
    final = np.zeros(len(history.keys), dtype=np.bool_)
    final[history.reads.key[history.operations.final[history.reads.op]]] = True
    for covered in history.covered:
        final[covered.key] = True
    return final


def _unless_unread(anomaly: Anomaly, unread: int) -> Anomaly:
    if not unread:
        return anomaly
    unknown = f"{unread} acknowledged records are in keys that nobody read from start to end after the faults"
    return Anomaly(**{**vars(anomaly), "unknown": unknown})


def _example(versions: Versions, send: int, how: str) -> Example:
    history = versions.history
    sends, slot = history.sends, int(versions.slot_of_send[send])
    value = history.value(int(sends.value[send]))
    told = int(sends.offset[send])
    at = f" at offset {told}" if told != NONE else ""
    key = int(sends.key[send])
    later = _later_read(versions, key, slot) if how == LATER_ONES else final_ops(history, key)
    return Example(
        what=f"{history.keys[sends.key[send]]}: {value!r} was written{at} and read by nobody, {how}",
        ops=(int(sends.op[send]), *later),
        key=key,
        offsets=(told,) if told != NONE else (),
        values=(value,),
    )


def _later_read(versions: Versions, key: int, slot: int) -> tuple[int, ...]:
    """Return an ok operation that read this key later in its log."""
    reads = versions.history.reads
    rows = np.flatnonzero(versions.read_is_ok & (reads.key == key) & (versions.slot_of_read > slot))
    return (int(reads.op[rows[0]]),) if len(rows) else ()
