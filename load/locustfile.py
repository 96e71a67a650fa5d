"""The load of the gate: producers and consumers at the expected rate, see manifests/sizing.yaml."""

from __future__ import annotations

from load.users import EndOfLoad, KafkaConsumer, KafkaProducer

__all__ = ["Consumer", "EndOfLoad", "Producer"]


class Producer(KafkaProducer):
    """Sends its share of the rate, as many of them as the order says."""


class Consumer(KafkaConsumer):
    """Reads its share of the partitions, as many of them as the order says."""
