"""The operations of a final read: those that show what is, and is not, in a key in the end."""

from __future__ import annotations

import numpy as np

from harness.histories.history import History


def final_ops(history: History, key: int, *, near: int | None = None) -> tuple[int, ...]:
    """Return operations of the final reads of a key: what was covered, and the records nearest to an offset."""
    operations, reads = history.operations, history.reads
    rows = np.flatnonzero(operations.final[reads.op] & (reads.key == key))
    if near is not None:
        rows = rows[np.argsort(np.abs(reads.offset[rows] - near), kind="stable")]
    processes = {covered.process for covered in history.covered if covered.key == key}
    said = [row for row, fields in history.rest.items() if "covers" in fields and operations.process[row] in processes]
    return tuple(sorted({*(int(op) for op in reads.op[rows[:2]]), *said}))
