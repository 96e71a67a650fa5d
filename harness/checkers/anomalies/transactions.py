"""torn-transaction: readers of what is committed see some writes of a transaction, and never the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.histories.history import NONE, Ending, Flags, Kind
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.finals import final_ops
from harness.judging.retained import deleted_by_retention
from harness.judging.versions import Versions

NAME = "torn-transaction"


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Ask of each transaction that was not aborted for sure whether the final reads show all of it or nothing."""
    history = versions.history
    operations, sends = history.operations, history.sends
    transactional = (operations.kind[sends.op] == Kind.TXN) & (operations.ending[sends.op] != Ending.FAIL)
    counts = transactional & _finally_read(versions) & ~deleted_by_retention(versions, config)
    shown = counts & _shown(versions)
    some, all_of = (np.bincount(sends.op[flags], minlength=len(operations)) for flags in (shown, counts))
    torn = np.flatnonzero((some > 0) & (some < all_of))
    checked = int((all_of > 1).sum())
    anomaly = found(NAME, torn, lambda op: _example(versions, shown, counts, op), checked=checked)
    if not checked and (np.bincount(sends.op[transactional]) > 1).any():
        anomaly = Anomaly(name=NAME, unknown="no final read_committed read covers what the transactions wrote")
    yield anomaly


def _final_reads(versions: Versions) -> Flags:
    operations = versions.history.operations
    return (operations.final & ~operations.uncommitted)[versions.history.reads.op]


def _finally_read(versions: Versions) -> Flags:
    """By send: whether its key was read from start to end after the faults, by a reader of what is committed."""
    history = versions.history
    final = np.zeros(len(history.keys), dtype=np.bool_)
    final[history.reads.key[_final_reads(versions)]] = True
    for covered in history.covered:
        rows = history.operations.process == covered.process
        if not history.operations.uncommitted[rows].any():
            final[covered.key] = True
    return final[history.sends.key] if len(history.keys) else np.zeros(0, dtype=np.bool_)


def _shown(versions: Versions) -> Flags:
    """By send: whether a final reader of what is committed got it."""
    got = np.zeros(len(versions.sender), dtype=np.bool_)
    got[versions.record_of_read[_final_reads(versions)]] = True
    return got[versions.record_of_send]


def _example(versions: Versions, shown: Flags, counts: Flags, op: int) -> Example:
    history, sends = versions.history, versions.history.sends
    mine = np.flatnonzero((sends.op == op) & counts)
    missing, seen = (mine[shown[mine] == wanted] for wanted in (False, True))
    reads = np.flatnonzero(_final_reads(versions) & (versions.send_of_read == seen[0]))
    key = int(sends.key[missing[0]])
    names = [f"{history.value(int(sends.value[row]))!r} in {history.keys[sends.key[row]]}" for row in missing]
    finals = [op for row in mine for op in final_ops(history, int(sends.key[row]))]
    return Example(
        what=f"{len(seen)} of {len(mine)} writes of a transaction are visible; missing: {', '.join(names)}",
        ops=tuple(dict.fromkeys((op, int(history.reads.op[reads[0]]), *finals))),
        key=key,
        offsets=tuple(int(sends.offset[row]) for row in mine if sends.offset[row] != NONE and sends.key[row] == key),
        values=tuple(history.value(int(sends.value[row])) for row in mine),
    )
