"""A producer that writes to every partition at a fixed open-loop rate and journals each record's fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message

from harness.clients.handles import Producer
from harness.clients.outcomes import outcome_of
from harness.clients.pacing import due_ns
from harness.clients.processes import Process, Scene
from harness.clients.settings import Settings
from harness.ops import OpType
from harness.runclock import NS_PER_S, RunClock

POLL_S = 0.005
"""Short polls: they bound how late a delivery report is seen, and a long one may burn its whole time-out."""

FLUSH_TIMEOUT_S = 30

GIVEN_UP = frozenset({KafkaError._DESTROY, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC})
REPLACED_AFTER_S = 1
"""How old a client must be to be replaced: where a topic really is unknown, new ones do not help."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What one producer writes: to each of these partitions, this many records per second."""

    topic: str
    partitions: int
    rate_per_partition_hz: float


class PacedProducer(Process):
    """One client process of a history; it runs in a thread of its own until it is stopped.

    A client whose library has given up a topic or a broker that the cluster still has (a broker that has just restarted
    may say so) is left behind, and a new one, with a new number, goes on: docs/adr/0012-given-up.md. What the old one
    had under way is unknown.
    """

    def __init__(self, *, scene: Scene, pace: Pace, settings: Settings, clock: RunClock) -> None:
        self._scene, self._settings = scene, settings
        self._pace, self._clock = pace, clock
        self.worst_lateness_s = 0.0
        self.acknowledged: Counter[str] = Counter()
        self._left_behind: list[Producer] = []
        self._take_client()
        super().__init__(f"producer-{self._number}")

    def _take_client(self) -> None:
        self._number = next(self._scene.numbers)
        self._producer = Producer(self._settings)
        self._taken_ns = self._clock.now_ns()
        self._has_given_up = False

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
            if self._has_given_up and now - self._taken_ns >= REPLACED_AFTER_S * NS_PER_S:
                self._left_behind.append(self._producer)
                self._take_client()
            for partition in range(self._pace.partitions):
                self._send(partition, f"{self._number}:{slot}")

    def _send(self, partition: int, value: str) -> None:
        key = f"{self._pace.topic}-{partition}"
        number, value_sent = self._number, [["send", key, value]]
        self._scene.journal.append(process=number, type=OpType.INVOKE, f="send", value=value_sent)
        try:
            self._producer.produce(
                self._pace.topic, value.encode(), partition=partition, on_delivery=self._end(number, key, value)
            )
        except BufferError:
            self._record(number, key, value, None, KafkaError(KafkaError._QUEUE_FULL))
        except KafkaException as error:
            # The library refuses by itself: it does not know the partition.
            self._record(number, key, value, None, error.args[0])

    def _end(self, number: int, key: str, value: str) -> Callable[[KafkaError | None, Message], None]:
        def ended(error: KafkaError | None, message: Message) -> None:
            self._record(number, key, value, message.offset(), error)

        return ended

    def _record(self, number: int, key: str, value: str, offset: int | None, error: KafkaError | None) -> None:
        outcome = outcome_of(error)
        if error is not None and number == self._number:
            self._has_given_up |= error.code() in GIVEN_UP
        if outcome is OpType.OK:
            self.acknowledged[key] += 1
        payload: object = [offset, value] if outcome is OpType.OK else value
        extra = {} if error is None else {"error": error.name()}
        value_ended = [["send", key, payload]]
        self._scene.journal.append(process=number, type=outcome, f="send", value=value_ended, extra=extra)
