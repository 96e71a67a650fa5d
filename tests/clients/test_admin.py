"""The admin client: who is the controller is asked again when the one that was asked is none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from harness.clients import admin as module
from harness.clients.admin import TIMEOUT_S, Admin, NoAnswer


class Library:
    """A client library that believes in one controller until it asks for metadata."""

    def __init__(self) -> None:
        self.brokers: dict[int, Any] = {0: None}
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


class Silent:
    """A client library whose every question ends in the same error."""

    def __init__(self, code: int) -> None:
        self.code, self.waited_s = code, 0.0

    def list_topics(self, *, timeout: float) -> Library:
        self.waited_s += timeout
        raise KafkaException(KafkaError(self.code))


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The clients that an admin makes, the first of them first."""
    made: list[object] = []
    monkeypatch.setattr(module, "AdminClient", lambda _: made.pop(0))
    return made


@pytest.mark.parametrize(
    "code",
    [KafkaError._TRANSPORT, KafkaError._RESOLVE, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN],
    ids=["ended", "has no name now", "stands still", "none is left"],
)
def test_a_broker_that_ends_under_a_question_lets_another_client_ask_anew(clients: list[object], code: int) -> None:
    clients += [Silent(code), Silent(code), Library()]
    assert Admin("nowhere.invalid:9092").topics() == ("orders",)


def test_a_broker_that_knows_no_broker_knows_nothing_and_is_not_believed(clients: list[object]) -> None:
    ignorant = Library()
    ignorant.brokers, ignorant.topics = {}, {}
    clients += [ignorant, Library()]
    assert Admin("nowhere.invalid:9092").topics() == ("orders",)


def test_a_cluster_that_says_nothing_is_asked_for_the_whole_time_and_no_longer(clients: list[object]) -> None:
    silent = [Silent(KafkaError._TIMED_OUT) for _ in range(3)]
    clients += silent
    with pytest.raises(NoAnswer):
        Admin("nowhere.invalid:9092").topics()
    assert sum(client.waited_s for client in silent) == pytest.approx(TIMEOUT_S)


def test_a_cluster_that_refuses_has_answered(clients: list[object]) -> None:
    clients += [Silent(KafkaError.CLUSTER_AUTHORIZATION_FAILED), Library()]
    with pytest.raises(NoAnswer, match="CLUSTER_AUTHORIZATION_FAILED"):
        Admin("nowhere.invalid:9092").topics()
    assert len(clients) == 1
