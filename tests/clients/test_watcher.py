"""The watcher's samples become events: leaders that moved, in-sync sets that shrank and were full again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clients import watcher
from harness.clients.admin import Partition
from harness.clients.watcher import Sample, Watcher, transitions
from harness.runclock import RunClock
from harness.waiting import wait_until


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


class FakeAdmin:
    """A cluster with one partition, which is asked as often as anybody likes."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def partitions(self, *, timeout_s: float) -> list[Partition]:
        assert timeout_s > 0
        return [partition()]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Sample], None] | None], Watcher]:
    monkeypatch.setattr(watcher, "Admin", FakeAdmin)
    return lambda each: Watcher(FakeAdmin("nowhere"), clock=RunClock(0), every_s=0.001, each=each)


def test_samples_are_kept_for_whoever_asks_later(watch: Callable[[None], Watcher]) -> None:
    with watch(None) as watching:
        wait_until(lambda: len(watching.samples) > 1, what="samples", timeout_s=10)
    assert watching.samples[0].partitions == (partition(),)


def test_samples_that_are_handed_on_are_not_kept(watch: Callable[[Callable[[Sample], None]], Watcher]) -> None:
    seen: list[Sample] = []
    with watch(seen.append) as watching:
        wait_until(lambda: len(seen) > 1, what="samples", timeout_s=10)
    assert watching.samples == ()
