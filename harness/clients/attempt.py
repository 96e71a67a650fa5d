"""One attempt: a single record, sent once, and exactly what the cluster answered."""

from __future__ import annotations

from confluent_kafka import KafkaError, Message

from harness.clients.handles import Producer
from harness.clients.settings import common
from harness.verdict import Inconclusive

ANSWER_TIMEOUT_S = 15


def attempt_send(bootstrap: str, topic: str, value: str, *, partition: int = 0) -> KafkaError | None:
    """Send one record with acks=all, without trying again; return the error, or None when it was acknowledged."""
    answers: list[KafkaError | None] = []

    def answered(error: KafkaError | None, _: Message) -> None:
        answers.append(error)

    producer = Producer({**common(bootstrap), "acks": "all", "retries": 0, "linger.ms": 0})
    producer.produce(topic, value.encode(), partition=partition, on_delivery=answered)
    producer.flush(ANSWER_TIMEOUT_S)
    if not answers:
        raise Inconclusive(f"the cluster did not answer a write to {topic} within {ANSWER_TIMEOUT_S} s")
    return answers[0]
