"""Coordinators of transactions: a name is chosen so that the broker that is to end has the role that is to be lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pytest

from harness.clients.admin import Admin, Partition, coordinator_partition
from harness.verdict import Inconclusive
from harness.victims import STATE_TOPIC, transaction_coordinator
from suites.transactions import coordinators
from suites.transactions.coordinators import coordinated_by_another, coordinated_by_one

PARTITIONS = 6


@dataclass(frozen=True, kw_only=True)
class FakeAdmin:
    """A cluster whose coordinators are these brokers, by partition of the internal topics; 0 is the controller."""

    transactions: Mapping[int, int]
    groups: Mapping[int, int]

    def controller(self) -> int:
        return 0

    def describe(self, topic: str) -> tuple[Partition, ...]:
        assert topic == STATE_TOPIC
        return tuple(
            Partition(topic=topic, index=index, leader=leader, replicas=(), isr=())
            for index, leader in sorted(self.transactions.items())
        )

    def group_coordinator(self, group: str) -> int:
        return self.groups[coordinator_partition(group, partitions=PARTITIONS)]


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the internal topics be there."""
    monkeypatch.setattr(coordinators, "require_coordinators", lambda _: None)


def admin(*, transactions: Mapping[int, int], groups: Mapping[int, int]) -> Admin:
    return cast(Admin, FakeAdmin(transactions=transactions, groups=groups))


def spread(*brokers: int) -> dict[int, int]:
    return {index: brokers[index % len(brokers)] for index in range(PARTITIONS)}


@pytest.mark.parametrize(
    ("name", "hash_code"),
    [
        ("polygenelubricants", -(2**31)),
        ("a", 97),
        ("orders-group", -403968617),
        ("failover-577a-0-commits-45", -112749451),
    ],
)
def test_a_name_belongs_to_the_partition_of_its_hash_without_the_sign(name: str, hash_code: int) -> None:
    """As brokers do: the leader of 47, asked for the last of these (its sign bit off), was not its coordinator."""
    expected = 0 if hash_code == -(2**31) else abs(hash_code) % 50
    assert coordinator_partition(name, partitions=50) == expected


def test_one_broker_that_is_not_the_controller_is_found_for_both_roles() -> None:
    cluster = admin(transactions=spread(0, 1, 2), groups=spread(2, 0, 1))
    name, broker = coordinated_by_one(cluster, "eos")
    assert broker in (1, 2)
    assert transaction_coordinator(cluster, f"{name}-transformer-0") == broker
    assert cluster.group_coordinator(f"{name}-transformers") == broker


def test_a_writer_s_coordinator_is_not_the_controller() -> None:
    cluster = admin(transactions=spread(0, 0, 2), groups={})
    name, broker = coordinated_by_another(cluster, "txn")
    assert broker == 2
    assert transaction_coordinator(cluster, f"{name}-writer-0") == 2


def test_without_such_a_broker_nothing_can_be_tried() -> None:
    with pytest.raises(Inconclusive, match="coordinates transactions and groups"):
        coordinated_by_one(admin(transactions=spread(1), groups=spread(2)), "eos")
    with pytest.raises(Inconclusive, match="coordinates transactions"):
        coordinated_by_another(admin(transactions=spread(0), groups=spread(1)), "txn")
    with pytest.raises(Inconclusive):
        coordinated_by_another(admin(transactions={}, groups={}), "txn")
