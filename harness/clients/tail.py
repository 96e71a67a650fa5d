"""A tail: an independent reader that knows exactly what was appended to a topic since it was opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import KafkaException, Message, TopicPartition

from harness.clients.handles import Consumer
from harness.clients.settings import plain_consumer
from harness.clients.topics import partitions_of
from harness.clients.watermarks import watermarks
from harness.waiting import wait_until

TIMEOUT_S = 15


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record as it is in the log."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes

    @property
    def json(self) -> object:
        """The value parsed as JSON."""
        return json.loads(self.value)


class Tail:
    """Reads all partitions of one topic from where they ended when it was opened; it joins no group."""

    def __init__(self, consumer: Consumer, topic: str, *, from_beginning: bool) -> None:
        self._consumer, self._topic = consumer, topic
        self._records: list[Record] = []
        self._next = {index: 0 if from_beginning else self._end(index) for index in partitions_of(consumer, topic)}
        consumer.assign([TopicPartition(topic, index, offset) for index, offset in self._next.items()])

    def records(self) -> list[Record]:
        """Return everything that was appended since the opening and is in the log now, in order per partition."""
        ends = {index: self._end(index) for index in self._next}

        def reached() -> bool:
            for record in map(_record, self._consumer.consume(500, 0.02)):
                self._records.append(record)
                self._next[record.partition] = record.offset + 1
            return all(self._next[index] >= end for index, end in ends.items())

        wait_until(reached, what=f"reading {self._topic} to its end", timeout_s=TIMEOUT_S, every_s=0)
        return sorted(self._records, key=lambda record: (record.partition, record.offset))

    def _end(self, index: int) -> int:
        _, high = watermarks(self._consumer, TopicPartition(self._topic, index))
        return high


def _record(message: Message) -> Record:
    error, partition, offset = message.error(), message.partition(), message.offset()
    if error is not None:
        raise KafkaException(error)
    if partition is None or offset is None:
        raise ValueError(f"got a record at partition {partition}, offset {offset}: expected a place in the log")
    return Record(partition=partition, offset=offset, key=message.key(), value=message.value() or b"")


@contextmanager
def tail(bootstrap: str, topic: str, *, from_beginning: bool = False) -> Iterator[Tail]:
    """Open a tail for the length of the `with` block, at the topic's end or where a new topic begins."""
    consumer = Consumer(plain_consumer(bootstrap, group=f"tail-of-{topic}"))
    try:
        yield Tail(consumer, topic, from_beginning=from_beginning)
    finally:
        consumer.close()
