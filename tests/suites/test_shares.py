"""The share of one more broker: a place in each partition, which it has when all replicas are there and in sync."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.clients.admin import Partition
from suites.test_scaling import has_arrived, shared_with

NEWCOMER = 3


def partition(index: int, *replicas: int) -> Partition:
    return Partition(topic="orders", index=index, leader=replicas[0], replicas=replicas, isr=replicas)


BEFORE = (partition(0, 0, 1, 2), partition(1, 1, 2, 0), partition(2, 2, 0, 1), partition(3, 0, 2, 1))
AFTER = shared_with(NEWCOMER, BEFORE)


def test_it_takes_the_place_of_another_replica_in_each_partition() -> None:
    assert [one.replicas for one in AFTER] == [(3, 1, 2), (1, 3, 0), (2, 0, 3), (3, 2, 1)]


def test_partitions_without_followers_are_wholly_its_own() -> None:
    assert [one.replicas for one in shared_with(NEWCOMER, (partition(0, 1), partition(1, 2)))] == [(3,), (3,)]


def test_it_has_arrived_when_everything_is_as_it_was_wanted() -> None:
    arrived = [partition(one.index, *one.replicas) for one in AFTER]
    assert has_arrived(AFTER, arrived)
    assert has_arrived(AFTER, list(reversed(arrived)))


@pytest.mark.parametrize(
    "found",
    [
        BEFORE,
        [],
        [partition(one.index, *one.replicas) for one in AFTER[1:]],
        [replace(partition(one.index, *one.replicas), isr=one.replicas[1:]) for one in AFTER],
        [partition(one.index, *one.replicas, 9) for one in AFTER],
    ],
    ids=["not begun", "nobody knows", "one is missing", "not in sync", "old ones are still there"],
)
def test_anything_less_is_not_arrived(found: list[Partition]) -> None:
    assert not has_arrived(AFTER, found)
