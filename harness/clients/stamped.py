"""Writing records and knowing for each of them where it stands and between which moments it was appended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message

from harness.checkers.retention import Written
from harness.clients.handles import Producer
from harness.clients.settings import durable_producer
from harness.runclock import RunClock
from harness.waiting import wait_until

ANSWER_TIMEOUT_S = 30
BATCH_BYTES = 16_384
"""Small batches: a segment ends at a batch, so these bound how far it may miss its size."""

UNANSWERED = 15
"""Records under way at the most, about a batch of a KiB each. A thread of librdkafka 2.16 that has more to send than it
may spins until the answer comes: on two cores it took the brokers' CPU, and a mebibyte took 36 s in place of 6."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A record to write; a value of None is a tombstone, a timestamp of 0 is the time of writing."""

    value: str | None
    key: str | None = None
    partition: int = 0
    timestamp_ms: int = 0


class StampedWriter:
    """One producer whose every record is acknowledged by all in-sync replicas or raises KafkaException."""

    def __init__(self, bootstrap: str, *, clock: RunClock) -> None:
        self._clock = clock
        self._producer = Producer({**durable_producer(bootstrap), "batch.size": BATCH_BYTES})

    def write(self, topic: str, entries: Iterable[Entry]) -> tuple[Written, ...]:
        """Write all entries, wait for every acknowledgement, and return them in the order of offsets."""
        written: list[Written] = []
        failures: list[KafkaError] = []
        for entry in entries:
            self._producer.produce(
                topic,
                entry.value,
                key=entry.key,
                partition=entry.partition,
                on_delivery=self._noting(entry, self._clock.now_s(), written, failures),
                timestamp=entry.timestamp_ms,
            )
            if len(self._producer) >= UNANSWERED:
                self._await_answers(topic)
        self._await_answers(topic)
        if failures:
            raise KafkaException(failures[0])
        return tuple(sorted(written, key=lambda record: (record.place, record.offset)))

    def _await_answers(self, topic: str) -> None:
        """Wait until nothing is under way."""

        def answered() -> bool:
            self._producer.poll(0.02)
            return len(self._producer) == 0

        wait_until(
            answered, what=f"the acknowledgement of every record to {topic}", timeout_s=ANSWER_TIMEOUT_S, every_s=0
        )

    def _noting(
        self, entry: Entry, sent_s: float, written: list[Written], failures: list[KafkaError]
    ) -> Callable[[KafkaError | None, Message], None]:
        def ended(error: KafkaError | None, message: Message) -> None:
            offset = message.offset()
            if error is not None or offset is None:
                failures.append(error or KafkaError(KafkaError.UNKNOWN))
                return
            written.append(
                Written(
                    place=f"{message.topic()}-{message.partition()}",
                    offset=offset,
                    sent_s=sent_s,
                    acked_s=self._clock.now_s(),
                    key=entry.key,
                    value=entry.value,
                )
            )

        return ended


class Trickle:
    """Writes one record after the other at a steady pace, in a thread, until it is stopped or has written enough."""

    def __init__(
        self, writer: StampedWriter, topic: str, *, entry: Callable[[int], Entry], every_s: float, at_most: int
    ) -> None:
        self.crash: BaseException | None = None
        self._writer, self._topic, self._entry, self._every_s, self._at_most = writer, topic, entry, every_s, at_most
        self._written: list[Written] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._guarded_run, name=f"trickle-{topic}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=ANSWER_TIMEOUT_S)

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    @property
    def written(self) -> Sequence[Written]:
        return tuple(self._written)

    def _guarded_run(self) -> None:
        try:
            for number in range(self._at_most):
                self._written.extend(self._writer.write(self._topic, [self._entry(number)]))
                if self._stop.wait(self._every_s):
                    return
        except BaseException as error:  # a dead thread must not look like a quiet topic
            self.crash = error
