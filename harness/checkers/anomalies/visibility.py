"""aborted-read, phantom-read and precommitted-read: somebody was given what nobody may be given."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.histories.history import NONE, Ending
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.versions import Versions


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Ask of each read who wrote it, and how that ended."""
    del config  # never legal
    history = versions.history
    operations, reads = history.operations, history.reads
    sender = versions.send_of_read
    checked = len(reads)

    phantom = sender == NONE
    once = _once(versions, np.flatnonzero(phantom))
    yield found("phantom-read", once, lambda read: _example(versions, read, "nobody wrote that"), checked=checked)

    writer = np.where(phantom, 0, history.sends.op[sender]) if len(history.sends) else np.zeros(checked, dtype=np.int32)
    failed = ~phantom & (operations.ending[writer] == Ending.FAIL) & versions.read_is_ok
    aborted = np.flatnonzero(failed & ~operations.uncommitted[reads.op])
    said = "whose writing surely failed"
    yield found("aborted-read", _once(versions, aborted), lambda read: _example(versions, read, said), checked=checked)

    own = np.flatnonzero(~phantom & (writer == reads.op))
    said = "which that operation itself was still writing"
    yield found("precommitted-read", own, lambda read: _example(versions, read, said), checked=checked)


def _once(versions: Versions, reads: np.ndarray[tuple[int], np.dtype[np.intp]]) -> list[int]:
    """Keep the first read of each record: what many clients were given is one finding."""
    _, first = np.unique(versions.record_of_read[reads], return_index=True)
    return sorted(int(row) for row in reads[first])


def _example(versions: Versions, read: int, said: str) -> Example:
    history = versions.history
    reads, sender = history.reads, int(versions.send_of_read[read])
    value, offset = history.value(int(reads.value[read])), int(reads.offset[read])
    writer = () if sender == NONE else (int(history.sends.op[sender]),)
    return Example(
        what=f"{history.keys[reads.key[read]]}: {value!r} was read at offset {offset}, {said}",
        ops=tuple(dict.fromkeys((*writer, int(reads.op[read])))),
        key=int(reads.key[read]),
        offsets=(offset,),
        values=(value,),
    )
