"""An event loop in virtual time: whoever waits is served at once, and the clock stands where it would have been."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Selector(selectors.SelectSelector):
    """Does not wait: it moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for ever"
        self.now_s += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is the selector's."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s

    def stall(self, seconds: float) -> None:
        """Let time pass in which nobody is served."""
        self._virtual.now_s += seconds


def run(work: Coroutine[Any, Any, None], loop: VirtualLoop) -> None:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(work)
