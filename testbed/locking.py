"""One user of the testbed per machine: a lock that the kernel releases when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from harness.errors import MachineError
from testbed import layout

_held: dict[Path, int] = {}


@contextmanager
def lock(*, path: Path = layout.LOCK_FILE) -> Iterator[None]:
    """Hold the testbed for the time of the `with` block; the same process may take it again inside.

    Raises MachineError at once, naming the holder, when another process has it: waiting would hide a second run.
    """
    if path in _held:
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    with path.open("a+", encoding="utf-8") as file:
        _take(file, path)
        _held[path] = 1
        try:
            yield
        finally:
            del _held[path]
            file.truncate(0)


def _take(file: TextIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        raise MachineError(
            f"the testbed of this machine is in use by process {holder} (lock {path})",
            remedy="wait until it has ended, or end it; there is one testbed per machine",
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()


def holder(*, path: Path = layout.LOCK_FILE) -> str:
    """The pid of the process that has the testbed in use right now; empty when nobody has.

    Read from the kernel's table: trying the lock would hold it for a moment, and could turn away a run just then.
    """
    try:
        inode = path.stat().st_ino
    except OSError:
        return ""
    return parse_holder(Path("/proc/locks").read_text(encoding="utf-8"), inode)


def parse_holder(proc_locks: str, inode: int) -> str:
    """The pid that holds a `flock` on the file with this inode number, in the text of /proc/locks."""
    for line in proc_locks.splitlines():
        words = line.split()
        if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            return words[4]
    return ""
