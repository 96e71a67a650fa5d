"""Client processes of a history: threads that are started once, stopped once, and never die unnoticed."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from harness.journal import Journal

STOP_TIMEOUT_S = 90
"""Longer than any outage that a claim allows: until then a client may be busy with its last operation."""

PAUSE_BEFORE_REPLACEMENT_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the client processes of a history share: the cluster, the journal, and the next free number."""

    bootstrap: str
    journal: Journal
    numbers: Iterator[int]


class Process(ABC):
    """A thread that does a client's work until it is told to stop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.crash: BaseException | None = None
        self._stopping = threading.Event()
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._guarded_run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end and wait for it; a process that does not end has crashed, and may not begin anything more."""
        self._stopping.set()
        self._thread.join(timeout=STOP_TIMEOUT_S)
        if self._thread.is_alive():
            self._abandoned.set()
            self.crash = TimeoutError(f"{self.name} did not end within {STOP_TIMEOUT_S} s")

    def _guarded_run(self) -> None:
        try:
            self._run()
        except BaseException as error:  # a dead thread must not look like a quiet cluster
            self.crash = error

    @abstractmethod
    def _run(self) -> None:
        """Work until `_stopping` is set."""


class Lives(Process):
    """A process whose client is replaced, by one with a new number, whenever it cannot go on or its fate is unknown."""

    def __init__(self, name: str, *, scene: Scene) -> None:
        super().__init__(name)
        self._scene = scene

    def _run(self) -> None:
        while not self._is_over() and not self._abandoned.is_set():
            self._live(next(self._scene.numbers))
            if not self._is_over():
                self._stopping.wait(PAUSE_BEFORE_REPLACEMENT_S)

    def _is_over(self) -> bool:
        return self._stopping.is_set()

    @abstractmethod
    def _live(self, process: int) -> None:
        """Work as the client of this number; return when it is over or when the client must be replaced."""
