"""Handles of librdkafka end, and nobody waits for it: not who drops one, not a garbage collection, not the next one."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.clients import handles
from harness.clients.handles import AdminClient, Closing, Consumer, Ending, Producer
from harness.waiting import wait_until

NOWHERE = {"bootstrap.servers": "localhost:1", "log_level": 0}


class Inside:
    """Stands for what the library destroys: it is over when it is let go, and says where that was."""

    def __init__(self, may_end: threading.Event, ended_in: list[str]) -> None:
        self._may_end, self._ended_in = may_end, ended_in

    def __del__(self) -> None:
        self._may_end.wait()
        self._ended_in.append(threading.current_thread().name)


class Plain:
    """Stands for the library's class."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside


class Handle(Ending, Plain):
    """A handle whose destruction is in the test's hands."""


@pytest.fixture
def may_end() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_who_drops_a_handle_does_not_wait_for_its_end(may_end: threading.Event) -> None:
    ended_in: list[str] = []
    handle = Handle(Inside(may_end, ended_in))
    del handle
    assert ended_in == [], "and this line was reached"
    may_end.set()
    wait_until(lambda: ended_in == ["handle-ending"], what="the handle's end", timeout_s=5, every_s=0.01)


def test_a_garbage_collection_destroys_no_handle_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[object] = []
    monkeypatch.setattr(handles._undertaker, "take", taken.append)
    before = _threads_of_the_library()
    cycle: list[object] = [Producer(NOWHERE)]
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert [type(handle) for handle in taken] == [Producer]
    assert _threads_of_the_library() > before, "it lives on until somebody else lets it go"


def test_a_handle_that_never_ends_does_not_keep_the_next_one_from_ending(may_end: threading.Event) -> None:
    ended_in: list[str] = []
    at_once = threading.Event()
    at_once.set()
    stuck, next_one = Handle(Inside(may_end, [])), Handle(Inside(at_once, ended_in))
    del stuck
    del next_one
    wait_until(lambda: ended_in == ["handle-ending"], what="the next one's end", timeout_s=5, every_s=0.01)


@pytest.mark.parametrize(
    "make",
    [lambda: Producer(NOWHERE), lambda: Consumer({**NOWHERE, "group.id": "g"}), lambda: AdminClient(NOWHERE)],
    ids=["producer", "consumer", "admin"],
)
def test_the_threads_of_the_library_end_with_their_handle(make: Callable[[], object]) -> None:
    before = _threads_of_the_library()
    handle = make()
    assert _threads_of_the_library() > before
    del handle
    wait_until(lambda: _threads_of_the_library() <= before, what="the end of its threads", timeout_s=10, every_s=0.05)


class Door:
    """Stands for the library's class: closing it takes until it may end, or fails."""

    def __init__(self, may_end: threading.Event, error: Exception | None = None) -> None:
        self._may_end, self._error = may_end, error
        self.is_closed = False

    def close(self) -> None:
        self._may_end.wait()
        if self._error is not None:
            raise self._error
        self.is_closed = True


class Closed(Closing, Door):
    """A handle whose closing is in the test's hands."""


def test_closing_is_waited_for(may_end: threading.Event) -> None:
    door = Closed(may_end)
    threading.Timer(0.1, may_end.set).start()
    door.close()
    assert door.is_closed


def test_closing_that_never_ends_is_not_waited_for_for_ever(may_end: threading.Event) -> None:
    door = Closed(may_end)
    door.closes_within_s = 0.05
    door.close()
    assert not door.is_closed, "and this line was reached"


def test_closing_that_fails_says_so(may_end: threading.Event) -> None:
    may_end.set()
    with pytest.raises(RuntimeError, match="no longer there"):
        Closed(may_end, RuntimeError("it is no longer there")).close()


def test_a_closed_consumer_has_left_no_thread_of_the_library() -> None:
    before = _threads_of_the_library()
    consumer = Consumer({**NOWHERE, "group.id": "g"})
    consumer.close()
    assert _threads_of_the_library() <= before


def _threads_of_the_library() -> set[str]:
    return {task.name for task in Path(f"/proc/{os.getpid()}/task").iterdir() if _name_of(task).startswith("rdk:")}


def _name_of(task: Path) -> str:
    try:
        return (task / "comm").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return "it has just ended"
