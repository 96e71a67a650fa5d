"""Patience: calls into the client library that may never come back, whatever their own time-out says."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException

LEFT_BEHIND_AFTER_S = 15.0
"""For a call that may never come back, whatever its own time-out: time for another broker to take over."""


def within(timeout_s: float, call: Callable[[], None]) -> None:
    """Make a call, and leave it and its client behind when it does not come back: a fatal KafkaException says so.

    What the call itself raises as KafkaException is raised here.
    """
    errors: queue.SimpleQueue[KafkaException | None] = queue.SimpleQueue()

    def make() -> None:
        try:
            call()
        except KafkaException as failure:
            errors.put(failure)
        else:
            errors.put(None)

    threading.Thread(target=make, name="may-be-left-behind", daemon=True).start()
    try:
        error = errors.get(timeout=timeout_s)
    except queue.Empty:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the client does not answer", fatal=True)) from None
    if error is not None:
        raise error
