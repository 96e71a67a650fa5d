"""Handles of librdkafka whose end nobody waits for: each is destroyed in a thread that may hang without harm.

Destroying a handle joins its threads, and librdkafka 2.16 sometimes has one that never ends: a thread of a broker that
went while something still referred to it (its issues 1872 and 4519). Python destroys a handle wherever the last
reference to it goes or a garbage collection happens to run, so a clause of a run could stand still for ever, deaf to an
interruption. The clients of the harness are therefore made from these classes and not from the library's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

import confluent_kafka
import confluent_kafka.admin

CLOSES_WITHIN_S = 30.0
"""For a consumer to leave its group while its coordinator moves; afterwards the group misses it by its session."""


class Undertaker:
    """Drops the last reference to what it is given, each in a thread of its own."""

    def __init__(self) -> None:
        self._given: SimpleQueue[object] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def be_ready(self) -> None:
        """Start working; a finalizer may run anywhere, so it must find the thread there and start none."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():  # it does not survive a fork
                self._thread = threading.Thread(target=self._work, name="undertaker", daemon=True)
                self._thread.start()

    def take(self, handle: object) -> None:
        """Take a handle; never waits, so that finalizers may call it wherever they run."""
        self._given.put(handle)

    def _work(self) -> None:
        while True:
            box = [self._given.get()]  # nothing but the box refers to the handle, so it ends where the box is emptied
            threading.Thread(target=box.clear, name="handle-ending", daemon=True).start()


_undertaker = Undertaker()


class Ending:
    """What makes a handle one whose end nobody waits for; it comes before the library's class."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        _undertaker.be_ready()
        super().__init__(*arguments, **options)

    def __del__(self) -> None:
        """Live on until the undertaker drops the last reference; Python finalizes an object only once."""
        _undertaker.take(self)


class Closing:
    """What makes a handle one whose `close`, which destroys it as well, is not waited for for ever."""

    closes_within_s = CLOSES_WITHIN_S

    def close(self) -> None:
        """Say goodbye and end; one that has not ended within its time does so, or hangs, without being waited for."""
        closed: Future[None] = Future()
        close = super().close  # type: ignore[misc]  # it is the library's class that has it
        threading.Thread(target=_settle, args=(closed, close), name="handle-closing", daemon=True).start()
        with suppress(TimeoutError):
            closed.result(timeout=self.closes_within_s)


def _settle(future: Future[None], close: Callable[[], None]) -> None:
    try:
        close()
    except BaseException as error:  # it is raised again where the future is waited for
        future.set_exception(error)
    else:
        future.set_result(None)


class Producer(Ending, confluent_kafka.Producer):
    """The library's producer, which ends without being waited for."""


class Consumer(Closing, Ending, confluent_kafka.Consumer):
    """The library's consumer; `close` still leaves its group first, and is waited for as long as that may take."""


class AdminClient(Ending, confluent_kafka.admin.AdminClient):
    """The library's admin client, which ends without being waited for."""
