"""The lifetime of an engine process: it finishes when it is told to, and when nobody is left to tell it."""

from __future__ import annotations

import os
import signal
from types import FrameType


class Lifetime:
    """SIGTERM means: finish what was begun, write the ledger, and end. An orphan ends the same way."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._told = False
        signal.signal(signal.SIGTERM, self._tell)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C reaches the whole group; Locust passes it on in order

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True

    @property
    def over(self) -> bool:
        return self._told or os.getppid() != self._parent
