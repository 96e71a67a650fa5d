"""Handles of librdkafka whose end nobody waits for: each is destroyed in a thread that may hang without harm.

Destroying a handle joins its threads, and librdkafka 2.16 sometimes has one that never ends: a thread of a broker that
went while something still referred to it (its issues 1872 and 4519). Python destroys a handle wherever the last
reference to it goes or a garbage collection happens to run, so a clause of a run could stand still for ever, deaf to an
interruption. The clients of the harness are therefore made from these classes and not from the library's.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any

import confluent_kafka
import confluent_kafka.admin


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


class Producer(Ending, confluent_kafka.Producer):
    """The library's producer, which ends without being waited for."""


class Consumer(Ending, confluent_kafka.Consumer):
    """The library's consumer; `close` still leaves its group first, and is waited for."""


class AdminClient(Ending, confluent_kafka.admin.AdminClient):
    """The library's admin client, which ends without being waited for."""
