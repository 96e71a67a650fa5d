"""Sending a few records and knowing that every one of them was acknowledged by all in-sync replicas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message

from harness.clients.handles import Producer
from harness.clients.settings import durable_producer
from harness.waiting import wait_until

TIMEOUT_S = 30


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A record to send; without a partition the key decides (murmur2, as in the Java client), or chance."""

    value: bytes
    key: bytes | None = None
    partition: int = -1


def send(bootstrap: str, topic: str, records: Iterable[Outgoing]) -> None:
    """Send the records and return when every one is acknowledged; one that is refused raises KafkaException."""
    failures: list[KafkaError] = []

    def ended(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error)

    producer = Producer({**durable_producer(bootstrap), "partitioner": "murmur2_random"})
    for record in records:
        producer.produce(topic, record.value, key=record.key, partition=record.partition, on_delivery=ended)

    def all_answered() -> bool:
        producer.poll(0.02)
        return len(producer) == 0

    wait_until(all_answered, what=f"the acknowledgement of every record to {topic}", timeout_s=TIMEOUT_S, every_s=0)
    if failures:
        raise KafkaException(failures[0])
