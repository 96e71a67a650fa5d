"""A locustfile whose engines need no cluster."""

from __future__ import annotations

from load import fleet
from load.users import EndOfLoad, KafkaConsumer, KafkaProducer

__all__ = ["Consumer", "EndOfLoad", "Producer"]

fleet.PRODUCE = fleet.CONSUME = "tests.load.fake_engine"


class Producer(KafkaProducer):
    """A producer that sends three records."""


class Consumer(KafkaConsumer):
    """A consumer that reads three records."""
