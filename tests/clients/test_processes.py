"""Client processes: one that dies or does not end is noticed, and one that is replaced gets a number of its own."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from harness.clients import processes
from harness.clients.processes import Lives, Process, Scene
from tests.clients.fakes import KeptJournal, scene


class Broken(Process):
    """Dies at once."""

    def _run(self) -> None:
        raise OSError("broken")


class Stubborn(Process):
    """Goes on until the test lets it end."""

    def __init__(self) -> None:
        super().__init__("stubborn")
        self.may_end = threading.Event()

    def _run(self) -> None:
        self.may_end.wait(10)


class Mayfly(Lives):
    """Lives three times."""

    lives: tuple[int, ...] = ()

    def _live(self, process: int) -> None:
        self.lives += (process,)
        if len(self.lives) == 3:
            self._stopping.set()


class Busy(Lives):
    """Has never done enough."""

    lives: tuple[int, ...] = ()

    def __init__(self, name: str, *, scene: Scene) -> None:
        super().__init__(name, scene=scene)
        self.may_go_on = threading.Event()

    def _is_over(self) -> bool:
        return False

    def _live(self, process: int) -> None:
        self.lives += (process,)
        self.may_go_on.wait(10)


def test_a_process_that_dies_keeps_the_reason() -> None:
    process = Broken("broken")
    process.start()
    process.stop()
    assert isinstance(process.crash, OSError)


def test_a_process_that_does_not_end_has_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_TIMEOUT_S", 0.01)
    process = Stubborn()
    process.start()
    process.stop()
    process.may_end.set()
    assert isinstance(process.crash, TimeoutError)


def test_a_process_that_does_not_end_begins_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_TIMEOUT_S", 0.01)
    monkeypatch.setattr(processes, "PAUSE_BEFORE_REPLACEMENT_S", 0.0)
    process = Busy("busy", scene=scene(KeptJournal(tmp_path)))
    process.start()
    process.stop()
    process.may_go_on.set()
    process._thread.join(10)
    assert not process._thread.is_alive()
    assert isinstance(process.crash, TimeoutError)
    assert process.lives == (0,)


def test_each_life_has_a_number_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PAUSE_BEFORE_REPLACEMENT_S", 0.0)
    process = Mayfly("mayfly", scene=scene(KeptJournal(tmp_path)))
    process.start()
    process.stop()
    assert process.lives == (0, 1, 2)
    assert process.crash is None
