"""The keeper of a topic: it makes none that is somebody else's, and says what the brokers answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError

from harness.clients.admin import NoAnswer
from harness.clients.engine.orders import LoadOrder
from harness.clients.engine.topic import MADE, made
from harness.measuring.traffic import Traffic
from harness.waiting import TimedOut

ORDER = LoadOrder(bootstrap="kafka:9092", topic="orders", traffic=Traffic(), drain_s=1, folder=".")


@dataclass
class FakeAdmin:
    """A cluster with some topics, that may refuse another one."""

    there: tuple[str, ...] = ()
    fails: Exception | None = None
    made: dict[str, Any] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def topics(self) -> tuple[str, ...]:
        return self.there

    def create_topic(self, name: str, **how: Any) -> str:
        if self.fails is not None:
            raise self.fails
        self.made[name] = how
        return name

    def delete_topic(self, name: str) -> None:
        self.deleted.append(name)


def said(admin: FakeAdmin) -> str:
    return made(ORDER, admin)  # type: ignore[arg-type]  # it asks for no more than this


def test_the_topic_of_the_order_is_made() -> None:
    admin = FakeAdmin()
    assert said(admin) == MADE
    assert admin.made["orders"]["partitions"] == Traffic().partitions


def test_a_topic_that_is_there_is_left_alone() -> None:
    admin = FakeAdmin(there=("orders",))
    assert "there is a topic orders already" in said(admin)
    assert not admin.made
    assert not admin.deleted


def test_what_the_brokers_refuse_is_said() -> None:
    refusal = NoAnswer(KafkaError(KafkaError.INVALID_REPLICATION_FACTOR, "larger than available brokers"))
    assert "larger than available brokers" in said(FakeAdmin(fails=refusal))


def test_a_topic_that_was_not_ready_in_time_is_deleted() -> None:
    admin = FakeAdmin(fails=TimedOut(what="every broker knowing orders", timeout_s=30, detail=""))
    assert "was not ready in time" in said(admin)
    assert admin.deleted == ["orders"]


@pytest.mark.parametrize("topic", ["orders", "__consumer_offsets"])
def test_nobody_elses_topic_is_ever_deleted(topic: str) -> None:
    admin = FakeAdmin(there=(topic, "orders"))
    said(admin)
    assert admin.deleted == []
