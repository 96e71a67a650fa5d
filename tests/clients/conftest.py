"""What tests of clients share: a mock cluster, of the brokers that librdkafka brings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from tests.clients.fakes import TOPIC


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[str]:
    """Keep a mock cluster in this process; its brokers listen on loopback for other clients too."""
    keeper = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 3, "log_level": 0})
    keeper.list_topics(TOPIC, timeout=10)  # the mock makes a topic, of four partitions, when it is asked for
    brokers = keeper.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    keeper.flush(0)  # it, and the mock cluster with it, must live until here
