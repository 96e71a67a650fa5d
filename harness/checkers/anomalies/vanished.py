"""vanished-read: a record was read, and later a full read of its key does not have it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.histories.history import NEVER_NS, NONE, Flags, History, Longs
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.finals import final_ops
from harness.judging.versions import Versions

NAME = "vanished-read"


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Look for records that an operation that ended ok read before the final read began, and that this did not get.

    The final read covers everything from the start of the log on, also what may have been cut off at its tail. With
    retention, what is before that start may be gone. A record that a read_uncommitted reader got proves nothing about
    what a read_committed final read gets, unless it must have committed.
    """
    del config  # never legal: what retention deleted is not covered
    history = versions.history
    wrong, checked = np.zeros(len(history.reads), dtype=np.bool_), 0
    for process in np.unique(history.operations.process[history.operations.final]):
        earlier = _earlier_reads(versions, int(process))
        checked += int(earlier.sum())
        wrong |= earlier & ~_read_again(versions, int(process))
    rows = np.flatnonzero(wrong)
    _, first = np.unique(versions.record_of_read[rows], return_index=True)
    once = [int(row) for row in rows[first]]
    anomaly = found(NAME, once, lambda read: _example(versions, read), checked=checked)
    if not history.operations.final.any() and len(history.reads):
        anomaly = Anomaly(name=NAME, unknown="no key was read from start to end after the faults")
    yield anomaly


def _covered_from(history: History, process: int) -> Longs:
    """By key: from which offset on a final reader covered it: as it said, or else from its first record on."""
    low = np.full(len(history.keys), NEVER_NS, dtype=np.int64)
    mine = (history.operations.final & (history.operations.process == process))[history.reads.op]
    np.minimum.at(low, history.reads.key[mine], history.reads.offset[mine])
    for covered in history.covered:
        if covered.process == process:
            low[covered.key] = covered.low
    return low


def _earlier_reads(versions: Versions, process: int) -> Flags:
    """By read: whether it is a committed record that a final reader covered, read before that reader began."""
    history = versions.history
    operations, reads = history.operations, history.reads
    begun_ns = operations.invoked_ns[operations.final & (operations.process == process)].min()
    early = operations.ok & ~operations.final & (operations.ended_ns <= begun_ns)
    earlier: Flags = early[reads.op] & (reads.offset >= _covered_from(history, process)[reads.key])
    if operations.uncommitted.any():
        earlier &= ~operations.uncommitted[reads.op] | _committed(versions)
    return earlier


def _committed(versions: Versions) -> Flags:
    """By read: whether what was read must have committed."""
    sender = versions.send_of_read
    if not len(versions.history.sends):
        return np.zeros(len(sender), dtype=np.bool_)
    committed: Flags = (sender != NONE) & versions.must_have_committed[sender]
    return committed


def _read_again(versions: Versions, process: int) -> Flags:
    """By read: whether a final reader got the same record."""
    operations, reads = versions.history.operations, versions.history.reads
    mine = (operations.final & (operations.process == process))[reads.op]
    got = np.zeros(len(versions.sender), dtype=np.bool_)
    got[versions.record_of_read[mine]] = True
    again: Flags = got[versions.record_of_read]
    return again


def _example(versions: Versions, read: int) -> Example:
    history, reads = versions.history, versions.history.reads
    key, offset = int(reads.key[read]), int(reads.offset[read])
    value = history.value(int(reads.value[read]))
    return Example(
        what=f"{history.keys[key]}: {value!r} was read at offset {offset} and is missing from the final read",
        ops=(int(reads.op[read]), *final_ops(history, key, near=offset)),
        key=key,
        offsets=(offset,),
        values=(value,),
    )
