"""What scenarios ask: the members of the ensemble, and a controller that makes a topic or does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from harness.budget import ZooKeeperTicks
from harness.clients import zookeeper
from harness.protocols import Cluster
from harness.verdict import Inconclusive
from suites.scenarios.ensemble import Ensemble
from suites.scenarios.ground import Ground

MEMBERS = ("zookeeper-0", "zookeeper-1", "zookeeper-2")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """Return the answers of members, by member and word; nobody else answers."""
    answers: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(zookeeper, "ask", lambda host, word: answers.get((host, word)))
    return answers


def ensemble() -> Ensemble:
    return Ensemble(cast(Cluster, SimpleNamespace(zookeepers=MEMBERS, address=lambda pod: pod)))


def in_modes(ask: dict[tuple[str, str], str], *modes: str) -> None:
    for member, mode in zip(MEMBERS, modes, strict=True):
        ask[member, "srvr"] = f"Zookeeper version: 3.8.4\nMode: {mode}\n"


def test_an_ensemble_serves_when_one_leads_and_all_others_follow(ask: dict[tuple[str, str], str]) -> None:
    in_modes(ask, "follower", "leader", "follower")
    assert ensemble().serves()
    assert ensemble().leader() == "zookeeper-1"
    assert ensemble().leaders(ensemble().others("zookeeper-1")) == []


def test_a_member_that_does_not_serve_is_missed(ask: dict[tuple[str, str], str]) -> None:
    in_modes(ask, "follower", "leader", "follower")
    ask["zookeeper-2", "srvr"] = "This ZooKeeper instance is not currently serving requests\n"
    assert not ensemble().serves()
    del ask["zookeeper-1", "srvr"]
    with pytest.raises(Inconclusive, match=r"\[\] lead the ensemble"):
        ensemble().leader()


def test_two_leaders_are_none(ask: dict[tuple[str, str], str]) -> None:
    in_modes(ask, "leader", "leader", "follower")
    assert not ensemble().serves()
    with pytest.raises(Inconclusive, match="expected one member"):
        ensemble().leader()


def test_a_member_tells_its_settings_or_nothing_is_known(ask: dict[tuple[str, str], str]) -> None:
    with pytest.raises(Inconclusive, match="does not tell its settings"):
        ensemble().ticks("zookeeper-0")
    ask["zookeeper-0", "conf"] = "clientPort=2181\ntickTime=1000\nsyncLimit=10\nmembership: \nserver.1=a:b:c\n"
    assert ensemble().ticks("zookeeper-0") == ZooKeeperTicks(tick_s=1, sync_limit=10)


class Future:
    """What comes of a wish."""

    def __init__(self, error: int | None) -> None:
        self._error = error

    def result(self) -> None:
        if self._error is not None:
            raise KafkaException(KafkaError(self._error))


@pytest.mark.parametrize(
    ("error", "made"),
    [(None, True), (KafkaError.TOPIC_ALREADY_EXISTS, True), (KafkaError._TIMED_OUT, False)],
    ids=["answered", "there already", "no answer"],
)
def test_a_topic_is_made_when_the_answer_says_so_or_it_is_there(error: int | None, made: bool) -> None:
    def create_topics(new: list[Any], *, request_timeout: float) -> dict[str, Future]:
        assert request_timeout > 0
        return {new[0].topic: Future(error)}

    asking = cast(Ground, SimpleNamespace(admin=SimpleNamespace(raw=SimpleNamespace(create_topics=create_topics))))
    assert Ground.creates(asking, "orders") is made
