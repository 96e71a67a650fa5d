"""Groups, against the mock brokers that librdkafka brings: offsets that were committed make the lag that is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from harness.clients.admin import Admin
from harness.clients.groups import Groups
from harness.clients.sending import Outgoing, send

TOPIC = "a-topic"


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[str]:
    keeper = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 3, "log_level": 0})
    keeper.list_topics(TOPIC, timeout=10)
    brokers = keeper.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    keeper.flush(0)


def test_lag_is_the_end_less_what_was_committed(bootstrap: str) -> None:
    groups = Groups(Admin(bootstrap))
    send(bootstrap, TOPIC, [Outgoing(value=b"x", partition=n % 2) for n in range(10)])
    assert groups.ends(TOPIC) == {0: 5, 1: 5, 2: 0, 3: 0}
    groups.commit("a-group", TOPIC, {0: 2, 1: 5})
    assert groups.lag("a-group", TOPIC) == {0: 3, 1: 0, 2: 0, 3: 0}
    groups.commit_end("a-group", TOPIC)
    assert groups.lag("a-group", TOPIC) == {0: 0, 1: 0, 2: 0, 3: 0}
