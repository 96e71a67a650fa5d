"""Victims: by the role that a pod has now, asked anew each time; nobody in a role is nobody to be harmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clients.admin import Partition, coordinator_partition
from harness.cluster.pods import Identity
from harness.protocols import Admin, Cluster
from harness.verdict import Inconclusive
from harness.victims import (
    STATE_TOPIC,
    ABroker,
    ALeader,
    Controller,
    EveryBroker,
    FollowerOf,
    FreshLeader,
    GroupCoordinator,
    LeaderOf,
    Named,
    Role,
    Scene,
    TransactionCoordinator,
    ZooKeeperFollower,
    ZooKeeperLeader,
    the,
)


def partition(topic: str, index: int, *, leader: int | None, isr: Sequence[int] = (0, 1, 2)) -> Partition:
    return Partition(topic=topic, index=index, leader=leader, replicas=(0, 1, 2), isr=tuple(isr))


@dataclass
class FakeAdmin:
    """A cluster whose answers can be changed between two questions."""

    controller_id: int = 0
    coordinator: int | None = 2
    known: list[Partition] = field(default_factory=lambda: [partition("orders", 0, leader=1)])

    def controller(self) -> int:
        return self.controller_id

    def partitions(self) -> Sequence[Partition]:
        return self.known

    def describe(self, topic: str) -> Sequence[Partition]:
        return [one for one in self.known if one.topic == topic]

    def group_coordinator(self, group: str) -> int | None:
        assert group
        return self.coordinator


@dataclass
class FakePods:
    """Pods by name, and how often each was restarted; one whose count is None is away."""

    brokers: tuple[str, ...] = ("kafka-0", "kafka-1", "kafka-2")
    zookeepers: tuple[str, ...] = ("zookeeper-0", "zookeeper-1", "zookeeper-2")
    restarts: Mapping[str, int | None] = field(default_factory=dict)

    def identity(self, pod: str) -> Identity | None:
        count = self.restarts.get(pod, 0)
        return None if count is None else Identity(uid=pod, restarts=count, started_at="")

    def broker_pod(self, broker: int) -> str:
        return f"kafka-{broker}"

    def address(self, pod: str) -> str:
        return f"{pod}.zookeeper.greenfield.svc"


def scene(
    admin: FakeAdmin | None = None,
    *,
    pods: FakePods | None = None,
    modes: Sequence[str | None] = ("follower", "leader", None),
    seed: int = 1,
) -> Scene:
    """Make a scene of three brokers, and ZooKeeper members in these modes."""

    def answered(hosts: Sequence[str]) -> Mapping[str, str | None]:
        return dict(zip(hosts, modes, strict=True))

    return Scene(
        cluster=cast(Cluster, pods or FakePods()),
        admin=cast(Admin, admin or FakeAdmin()),
        random=Random(seed),
        modes=answered,
    )


@pytest.mark.parametrize(
    ("role", "pod"),
    [
        (LeaderOf("orders"), "kafka-1"),
        (Controller(), "kafka-0"),
        (GroupCoordinator("readers"), "kafka-2"),
        (ALeader(), "kafka-1"),
        (FreshLeader(), "kafka-1"),
        (ZooKeeperLeader(), "zookeeper-1"),
        (ZooKeeperFollower(), "zookeeper-0"),
        (Named("kafka-2"), "kafka-2"),
        (Named("zookeeper-0"), "zookeeper-0"),
    ],
    ids=str,
)
def test_a_role_is_of_the_pod_that_has_it_now(role: Role, pod: str) -> None:
    assert the(role, scene()) == pod


@pytest.mark.parametrize(
    ("role", "admin"),
    [
        (LeaderOf("orders"), FakeAdmin(known=[partition("orders", 0, leader=None)])),
        (LeaderOf("orders", 1), FakeAdmin()),
        (LeaderOf("payments"), FakeAdmin()),
        (FollowerOf("orders"), FakeAdmin(known=[partition("orders", 0, leader=1, isr=[1])])),
        (ALeader(), FakeAdmin(controller_id=1)),
        (ALeader(), FakeAdmin(known=[])),
        (FreshLeader(), FakeAdmin(known=[])),
        (GroupCoordinator("readers"), FakeAdmin(coordinator=None)),
        (TransactionCoordinator("shop"), FakeAdmin()),
        (Named("kafka-3"), FakeAdmin()),
    ],
    ids=lambda value: str(value) if isinstance(value, Role) else "",
)
def test_nobody_in_a_role_is_inconclusive(role: Role, admin: FakeAdmin) -> None:
    with pytest.raises(Inconclusive):
        role.pods(scene(admin))


LEADS_BOTH = [partition("orders", 0, leader=1), partition("orders", 1, leader=2)]


@pytest.mark.parametrize(
    ("restarts", "pod"),
    [
        ({"kafka-1": 3, "kafka-2": 1}, "kafka-2"),
        ({"kafka-1": 3, "kafka-2": None}, "kafka-1"),
        ({"kafka-2": 9}, "kafka-1"),
    ],
    ids=["less often", "one that is away", "never"],
)
def test_the_fresh_leader_is_one_that_was_restarted_least_often(restarts: dict[str, int | None], pod: str) -> None:
    admin = FakeAdmin(known=LEADS_BOTH)
    assert the(FreshLeader(), scene(admin, pods=FakePods(restarts=restarts))) == pod


def test_nobody_is_fresh_where_all_leaders_are_away() -> None:
    pods = FakePods(restarts={"kafka-1": None, "kafka-2": None})
    with pytest.raises(Inconclusive, match="nobody is a leader that is not the controller and was restarted"):
        FreshLeader().pods(scene(FakeAdmin(known=LEADS_BOTH), pods=pods))


@pytest.mark.parametrize("role", [ZooKeeperLeader(), ZooKeeperFollower()], ids=str)
def test_a_member_that_does_not_answer_has_no_role(role: Role) -> None:
    with pytest.raises(Inconclusive, match="nobody is"):
        role.pods(scene(modes=[None, None, None]))


@pytest.mark.parametrize("role", [ABroker(), EveryBroker()], ids=str)
def test_a_cluster_without_brokers_has_nobody_to_be_harmed(role: Role) -> None:
    with pytest.raises(Inconclusive, match="nobody is"):
        role.pods(scene(pods=FakePods(brokers=())))


def test_a_role_that_moved_is_asked_for_anew() -> None:
    admin = FakeAdmin()
    here = scene(admin)
    assert the(LeaderOf("orders"), here) == "kafka-1"
    admin.known = [partition("orders", 0, leader=2)]
    assert the(LeaderOf("orders"), here) == "kafka-2"
    admin.controller_id = 1
    assert the(Controller(), here) == "kafka-1"


def test_a_follower_is_in_sync_and_not_the_leader() -> None:
    admin = FakeAdmin(known=[partition("orders", 0, leader=1, isr=[1, 2])])
    assert the(FollowerOf("orders"), scene(admin)) == "kafka-2"


def test_a_transaction_has_the_coordinator_that_its_id_hashes_to() -> None:
    mine = coordinator_partition("shop", partitions=5)
    states = [partition(STATE_TOPIC, index, leader=2 if index == mine else 0) for index in range(5)]
    assert the(TransactionCoordinator("shop"), scene(FakeAdmin(known=states))) == "kafka-2"


def test_all_are_not_one() -> None:
    assert EveryBroker().pods(scene()) == FakePods().brokers
    with pytest.raises(Inconclusive, match="every broker are 3 pods, expected one"):
        the(EveryBroker(), scene())


@given(st.integers())
def test_a_choice_at_random_is_repeated_by_its_seed(seed: int) -> None:
    first, again = scene(seed=seed), scene(seed=seed)
    drawn = [the(ABroker(), first) for _ in range(5)]
    assert drawn == [the(ABroker(), again) for _ in range(5)]
    assert set(drawn) <= set(FakePods().brokers)


def test_a_choice_at_random_is_not_always_the_same() -> None:
    assert {the(ABroker(), scene(seed=seed)) for seed in range(30)} == set(FakePods().brokers)
