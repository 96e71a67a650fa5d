"""A probe for refusals: does a partition ever say no to acks=all because too few replicas are in sync?

An idempotent producer hides such a refusal by trying again; this probe does not, and counts each one.
"""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType

from confluent_kafka import KafkaError, Message

from harness.clients.handles import Producer
from harness.clients.pacing import due_ns
from harness.clients.settings import common
from harness.runclock import NS_PER_S, RunClock
from harness.verdict import Inconclusive

TOO_FEW_REPLICAS = frozenset({KafkaError.NOT_ENOUGH_REPLICAS, KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND})
RATE_HZ = 10


class RefusalProbe:
    """A context that writes to every partition at a fixed rate and counts answers by name."""

    def __init__(self, *, bootstrap: str, topic: str, partitions: int, clock: RunClock) -> None:
        self.answers: Counter[str] = Counter()
        self.refused_s: list[float] = []
        self._topic, self._partitions, self._clock = topic, partitions, clock
        self._producer = Producer(
            {**common(bootstrap), "acks": "all", "retries": 0, "linger.ms": 0, "delivery.timeout.ms": 10_000}
        )
        self._stop = threading.Event()
        self._crash: BaseException | None = None
        self._thread = threading.Thread(target=self._guarded_run, name="refusal-probe", daemon=True)

    def __enter__(self) -> RefusalProbe:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=15)
        self._producer.flush(15)
        if kind is None and self._crash is not None:
            raise Inconclusive(f"the probe for refusals died: {self._crash!r}") from self._crash

    def _guarded_run(self) -> None:
        try:
            self._run()
        except BaseException as error:  # a probe that stopped early must not look like one that was never refused
            self._crash = error

    def _run(self) -> None:
        for due in due_ns(started_ns=self._clock.now_ns(), rate_hz=RATE_HZ):
            while (now := self._clock.now_ns()) < due:
                self._producer.poll(min(0.01, (due - now) / NS_PER_S))
            if self._stop.is_set():
                return
            for partition in range(self._partitions):
                self._producer.produce(self._topic, b"probe", partition=partition, on_delivery=self._answered)

    def _answered(self, error: KafkaError | None, _: Message) -> None:
        self.answers["acknowledged" if error is None else str(error.name())] += 1
        if error is not None and error.code() in TOO_FEW_REPLICAS:
            self.refused_s.append(self._clock.now_s())
