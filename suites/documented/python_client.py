"""The documented Python client (kafka-python) for what the practices need: keys, and lines that are cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kafka import KafkaProducer

from harness.severing_proxy import severing_proxy

TIMEOUT_S = 60


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """What a proxy saw: answers to writes, and how many of them it stole, so that the write was sent again."""

    answered: int
    stolen: int


def send_keyed(bootstrap: str, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Send (key, value) records and return when every one is acknowledged."""
    producer = KafkaProducer(bootstrap_servers=bootstrap.split(","))
    try:
        sent = [producer.send(topic, key=key, value=value) for key, value in records]
        for future in sent:
            future.get(timeout=TIMEOUT_S)
    finally:
        producer.close(timeout=TIMEOUT_S)


def send_through_cuts(
    bootstrap: str, topic: str, values: Iterable[bytes], *, idempotent: bool, steal_every: int
) -> Cuts:
    """Send each value by itself to partition 0, while every n-th answer of a broker is stolen and its line cut."""
    with severing_proxy(steal_every=steal_every) as proxy:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap.split(","),
            proxy_url=proxy.url,
            enable_idempotence=idempotent,
            acks="all",
            retries=1000,
            retry_backoff_ms=20,
            reconnect_backoff_ms=10,
            reconnect_backoff_max_ms=50,
        )
        try:
            for value in values:
                producer.send(topic, value=value, partition=0).get(timeout=TIMEOUT_S)
        finally:
            producer.close(timeout=TIMEOUT_S)
        return Cuts(answered=proxy.answered, stolen=proxy.stolen)
