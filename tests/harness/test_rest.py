"""Rest: every pod is ready and every partition in sync, or somebody says what is missing, or that nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from harness import rest
from harness.clients.admin import NoAnswer, Partition
from harness.cluster.pods import Cluster
from harness.errors import ExitCode, MachineError
from harness.healing import Outcome
from harness.rest import come_to_rest
from harness.waiting import waiting_on
from tests.harness.clocks import FakeClock


@dataclass
class FakeCluster:
    """Two StatefulSets and what Kafka says; every question brings it nearer to rest."""

    settled_after: int = 0
    answers_after: int = 0
    brokers_known: int = 3
    out_of_sync: int = 0
    deployed: bool = True

    bootstrap = "kafka-0:9092"
    brokers = ("kafka-0", "kafka-1", "kafka-2")
    zookeepers = ()

    def is_ready(self, pod: str) -> bool:
        return pod != "kafka-2" or self.settled_after < 0

    def replicas(self, stateful_set: str) -> int | None:
        assert stateful_set in ("kafka", "zookeeper")
        return 3 if self.deployed else None

    def is_settled(self, stateful_set: str) -> bool:
        assert stateful_set in ("kafka", "zookeeper")
        self.settled_after -= 1
        return self.settled_after < 0


class FakeAdmin:
    """The admin of the cluster that is tried."""

    cluster: FakeCluster

    def __init__(self, bootstrap: str) -> None:
        assert bootstrap == FakeCluster.bootstrap

    def brokers(self) -> tuple[int, ...]:
        self.cluster.answers_after -= 1
        if self.cluster.answers_after >= 0:
            raise NoAnswer("not yet")
        return tuple(range(self.cluster.brokers_known))

    def out_of_sync(self) -> tuple[Partition, ...]:
        partition = Partition(topic="orders", index=0, leader=1, replicas=(0, 1, 2), isr=(1,))
        return (partition,) * self.cluster.out_of_sync


@pytest.fixture(autouse=True)
def no_kafka(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the fake admin answer, from a place where brokers are reached."""
    monkeypatch.setattr(rest, "Admin", FakeAdmin)
    monkeypatch.setattr(rest, "require_vantage", lambda: None)
    with waiting_on(FakeClock()):
        yield


def rested(cluster: FakeCluster) -> Outcome:
    FakeAdmin.cluster = cluster
    return come_to_rest(cast(Cluster, cluster))


@pytest.mark.parametrize(
    "cluster",
    [FakeCluster(), FakeCluster(settled_after=20), FakeCluster(answers_after=20)],
    ids=["now", "pods", "Kafka"],
)
def test_a_cluster_at_rest_or_on_its_way(cluster: FakeCluster) -> None:
    outcome = rested(cluster)
    assert outcome.exit_code is ExitCode.CERTIFIED
    assert len(outcome.done) == 2


@pytest.mark.parametrize(
    ("cluster", "left"),
    [
        (
            FakeCluster(settled_after=10_000),
            "every pod being ready did not happen within 240 s: kafka-2 not ready; ",
        ),
        (FakeCluster(answers_after=10_000), "every partition being in sync did not happen"),
        (FakeCluster(brokers_known=2), "every partition being in sync did not happen"),
        (
            FakeCluster(out_of_sync=1),
            "being in sync did not happen within 120 s: in sync orders-0 on [1] of [0, 1, 2]",
        ),
    ],
    ids=["pods", "Kafka", "a broker", "a partition"],
)
def test_what_is_missing_is_said(cluster: FakeCluster, left: str) -> None:
    outcome = rested(cluster)
    assert outcome.exit_code is ExitCode.NOT_CERTIFIED
    assert left in outcome.left[0]


def test_where_nothing_is_deployed_nothing_is_awaited() -> None:
    assert rested(FakeCluster(deployed=False)).exit_code is ExitCode.CERTIFIED


def test_from_where_brokers_are_not_reached_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_reach() -> None:
        raise MachineError("from here nothing can be reached", remedy="go elsewhere")

    monkeypatch.setattr(rest, "require_vantage", out_of_reach)
    outcome = rested(FakeCluster())
    assert outcome.exit_code is ExitCode.HARNESS
    assert outcome.unknown == ("whether every partition is in sync: from here nothing can be reached",)
