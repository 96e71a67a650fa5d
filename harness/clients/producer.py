"""A producer that writes to every partition at a fixed open-loop rate and journals each record's fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import KafkaError, Message, Producer

from harness.clients.outcomes import outcome_of
from harness.clients.pacing import due_ns
from harness.clients.processes import Process
from harness.clients.settings import Settings
from harness.journal import Journal
from harness.ops import OpType
from harness.runclock import NS_PER_S, RunClock

POLL_S = 0.005
"""Short polls: they bound how late a delivery report is seen, and a long one may burn its whole time-out."""

FLUSH_TIMEOUT_S = 30


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What one producer writes: to each of these partitions, this many records per second."""

    topic: str
    partitions: int
    rate_per_partition_hz: float


class PacedProducer(Process):
    """One client process of a history; it runs in a thread of its own until it is stopped."""

    def __init__(self, process: int, *, pace: Pace, settings: Settings, journal: Journal, clock: RunClock) -> None:
        super().__init__(f"producer-{process}")
        self.process = process
        self.worst_lateness_s = 0.0
        self.acknowledged: Counter[str] = Counter()
        self._pace, self._journal, self._clock = pace, journal, clock
        self._producer = Producer(settings)

    def stop(self) -> None:
        """Stop sending and wait for what is in flight."""
        super().stop()
        deadline_s = self._clock.now_s() + FLUSH_TIMEOUT_S
        while len(self._producer) and self._clock.now_s() < deadline_s:
            self._producer.poll(0.05)

    def _run(self) -> None:
        rate_hz = self._pace.rate_per_partition_hz
        for slot, due in enumerate(due_ns(started_ns=self._clock.now_ns(), rate_hz=rate_hz)):
            while (now := self._clock.now_ns()) < due:
                if self._stopping.is_set():
                    return
                self._producer.poll(min(POLL_S, (due - now) / NS_PER_S))
            self.worst_lateness_s = max(self.worst_lateness_s, (now - due) / NS_PER_S)
            if self._stopping.is_set():
                return
            for partition in range(self._pace.partitions):
                self._send(partition, f"{self.process}:{slot}")

    def _send(self, partition: int, value: str) -> None:
        key = f"{self._pace.topic}-{partition}"
        self._journal.append(process=self.process, type=OpType.INVOKE, f="send", value=[["send", key, value]])
        try:
            self._producer.produce(
                self._pace.topic, value.encode(), partition=partition, on_delivery=self._end(key, value)
            )
        except BufferError:
            self._record(key, value, None, KafkaError(KafkaError._QUEUE_FULL))

    def _end(self, key: str, value: str) -> Callable[[KafkaError | None, Message], None]:
        def ended(error: KafkaError | None, message: Message) -> None:
            self._record(key, value, message.offset(), error)

        return ended

    def _record(self, key: str, value: str, offset: int | None, error: KafkaError | None) -> None:
        outcome = outcome_of(error)
        if outcome is OpType.OK:
            self.acknowledged[key] += 1
        payload: object = [offset, value] if outcome is OpType.OK else value
        extra = {} if error is None else {"error": error.name()}
        self._journal.append(process=self.process, type=outcome, f="send", value=[["send", key, payload]], extra=extra)
