"""Replicas under a load: what changed between two looks at the metadata, and the events that come of it."""

from __future__ import annotations

from harness.clients.admin import Partition
from harness.clients.watcher import Sample
from harness.measuring.replicas import ReplicaSample, events
from harness.observers import Replicas, replica_sample


def partition(index: int, *, leader: int | None = 0, isr: tuple[int, ...] = (0, 1, 2)) -> Partition:
    return Partition(topic="t", index=index, leader=leader, replicas=(0, 1, 2), isr=isr)


def seen(time_s: float, *partitions: Partition) -> Sample:
    return Sample(time_s=time_s, partitions=partitions)


def sample(time_s: float, *, under_replicated: int = 0, leader_moves: int = 0) -> ReplicaSample:
    return ReplicaSample(
        time_s=time_s,
        partitions=6,
        under_replicated=under_replicated,
        out_of_sync=(2,) if under_replicated else (),
        leader_moves=leader_moves,
        isr_changes=0,
    )


def test_a_healthy_cluster_has_nothing_to_tell() -> None:
    found = replica_sample(seen(1, partition(0), partition(1)), before=seen(0, partition(0), partition(1)))
    assert (found.partitions, found.under_replicated, found.leader_moves, found.isr_changes) == (2, 0, 0, 0)


def test_moved_leaders_and_shrunk_sets_are_counted() -> None:
    before = seen(0, partition(0), partition(1), partition(2, isr=(0, 1)))
    now = seen(1, partition(0, leader=1, isr=(1, 2)), partition(1, isr=(2, 1, 0)), partition(2, isr=(0, 1)))
    found = replica_sample(now, before=before)
    assert (found.under_replicated, found.out_of_sync) == (2, (0, 2))
    assert (found.leader_moves, found.isr_changes) == (1, 1)


def test_the_first_look_and_a_new_partition_are_no_change() -> None:
    assert replica_sample(seen(0, partition(0, leader=2)), before=None).leader_moves == 0
    assert replica_sample(seen(1, partition(0), partition(1)), before=seen(0, partition(0))).isr_changes == 0


def test_each_look_is_compared_with_the_one_before() -> None:
    found: list[ReplicaSample] = []
    replicas = Replicas(found.append)
    for time_s, leader in enumerate((0, 1, 1)):
        replicas.take(seen(time_s, partition(0, leader=leader)))
    assert [one.leader_moves for one in found] == [0, 1, 0]


def test_the_events_are_the_moments_of_change() -> None:
    course = [
        sample(0),
        sample(1, under_replicated=6, leader_moves=2),
        sample(2, under_replicated=6),
        sample(3),
        sample(4),
    ]
    assert [(event.time_s, event.kind, event.what) for event in events(course)] == [
        (1, "leader-moved", "of 2 partitions"),
        (1, "isr-shrank", "6 partitions without broker 2"),
        (3, "isr-full", "every partition in sync"),
    ]


def test_no_samples_are_no_events() -> None:
    assert list(events([])) == []
