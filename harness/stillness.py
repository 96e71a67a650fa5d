"""Stillness: a clause that takes longer than any may ends its process, so that a run never stands still for ever."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_S = 1800
"""No clause takes half of this; the longest (TXN-05) observes a cluster for ten minutes and judges what it saw."""

FILE = "stacks.txt"


def die() -> None:
    """End this process at once and by a signal, which no verdict looks like; its parent says what to do then."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def ended_when_still(folder: Path, *, after_s: float = LONGEST_S, end: Callable[[], None] = die) -> Iterator[None]:
    """End the process when what is done inside takes too long, with what each thread was at in the folder.

    What it waits for may be deaf to an interruption, such as a library that joins a thread of its own, so nothing
    gentler would reach it. The main thread cannot be asked to clean up: the journal of faults says what is to heal.
    """
    over = threading.Event()

    def watch() -> None:
        if not over.wait(after_s):
            with (folder / FILE).open("w", encoding="utf-8") as file:
                faulthandler.dump_traceback(file)
            end()

    thread = threading.Thread(target=watch, name="stillness", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
