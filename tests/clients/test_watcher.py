"""The watcher's samples become events: leaders that moved, in-sync sets that shrank and were full again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.clients.admin import Partition
from harness.clients.watcher import Sample, transitions


def partition(index: int = 0, *, leader: int | None = 0, isr: tuple[int, ...] = (0, 1, 2)) -> Partition:
    return Partition(topic="t", index=index, leader=leader, replicas=(0, 1, 2), isr=isr)


def events(*moments: tuple[Partition, ...]) -> list[tuple[float, str, str]]:
    """Return what is said of samples that were taken one second after the other."""
    samples = [Sample(time_s=at_s, partitions=partitions) for at_s, partitions in enumerate(moments)]
    return [(event.time_s, event.kind, event.what) for event in transitions(samples)]


@given(st.integers(0, 10))
def test_a_cluster_in_which_nothing_changes_gives_no_event(samples: int) -> None:
    assert events(*[(partition(),)] * samples) == []


def test_a_leader_that_moves_is_told_with_both_places() -> None:
    assert events((partition(leader=0),), (partition(leader=2),)) == [(1, "leader-moved", "t-0: 0→2")]


def test_a_partition_that_is_seen_for_the_first_time_has_not_moved() -> None:
    assert events((partition(0),), (partition(0), partition(1, leader=2))) == []


def test_many_moves_at_once_are_one_event() -> None:
    before = tuple(partition(index, leader=0) for index in range(5))
    after = tuple(partition(index, leader=1) for index in range(5))
    assert events(before, after) == [(1, "leader-moved", "t-0: 0→1, t-1: 0→1, t-2: 0→1 and 2 more")]


def test_an_in_sync_set_that_shrinks_and_fills_is_told_once_each() -> None:
    short = partition(isr=(0, 2))
    assert events((partition(),), (short,), (short,), (partition(),)) == [
        (1, "isr-shrank", "without [1]"),
        (3, "isr-full", "every partition in sync"),
    ]


def test_who_is_out_of_sync_is_known_over_all_partitions() -> None:
    sample = Sample(time_s=0, partitions=(partition(0, isr=(0, 1)), partition(1, isr=(0, 2))))
    assert sample.brokers_out_of_sync == {1, 2}
