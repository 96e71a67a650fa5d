"""The admin client: who is the controller is asked again when the one that was asked is none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException

from harness.clients.admin import Admin


class Library:
    """A client library that believes in one controller until it asks for metadata."""

    def __init__(self) -> None:
        self.topics = {"orders": None}
        self.is_mistaken = True
        self.asked = 0

    def delete_topics(self, names: list[str], *, operation_timeout: float) -> dict[str, Any]:
        assert operation_timeout > 0
        self.asked += 1

        def result() -> None:
            if self.is_mistaken:
                raise KafkaException(KafkaError(KafkaError.NOT_CONTROLLER))
            self.topics.pop(names[0])

        return {names[0]: SimpleNamespace(result=result)}

    def list_topics(self, *, timeout: float) -> Library:
        assert timeout > 0
        self.is_mistaken = False
        return self


def test_a_broker_that_is_no_controller_any_more_is_not_asked_for_ever() -> None:
    admin, library = Admin("nowhere.invalid:9092"), Library()
    admin.raw = cast(Any, library)
    admin.delete_topic("orders")
    assert (library.topics, library.asked) == ({}, 2)


def test_another_broker_is_asked_by_another_client() -> None:
    admin = Admin("nowhere.invalid:9092")
    other = admin.seen_by("elsewhere.invalid:9092")
    assert (other.bootstrap, other is admin) == ("elsewhere.invalid:9092", False)
