"""Producers and consumers: as many, and with such records, as an order says; without one, one of each at --rate."""

from __future__ import annotations

from load.users import KafkaConsumer, KafkaProducer

__all__ = ["Consumer", "Producer"]


class Producer(KafkaProducer):
    """Sends its share of the rate."""


class Consumer(KafkaConsumer):
    """Reads its share of the partitions."""
