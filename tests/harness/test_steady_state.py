"""The steady state: waited for, and when it does not come, what is missing is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from harness.clients.admin import NoAnswer, Partition
from harness.protocols import Admin, Cluster
from harness.steady_state import BUDGET_S, await_steady_state, what_is_missing
from harness.verdict import Inconclusive
from harness.waiting import waiting_on
from tests.harness.clocks import FakeClock


def partition(index: int, *isr: int) -> Partition:
    return Partition(topic="orders", index=index, leader=1, replicas=(2, 1, 0), isr=isr)


@dataclass
class World:
    """A cluster and its admin; `silent` brokers answer nobody."""

    unready: set[str] = field(default_factory=set)
    lagging: list[Partition] = field(default_factory=list)
    silent: bool = False
    brokers = ("kafka-0", "kafka-1", "kafka-2")
    zookeepers = ("zookeeper-0",)

    def is_ready(self, pod: str) -> bool:
        return pod not in self.unready

    def all_ready(self) -> bool:
        return not self.unready

    def out_of_sync(self) -> list[Partition]:
        if self.silent:
            raise NoAnswer("nobody answers")
        return self.lagging

    def missing(self) -> str:
        return what_is_missing(cast(Cluster, self), cast(Admin, self))

    def wait(self) -> None:
        await_steady_state(cast(Cluster, self), cast(Admin, self), before="the clause began")


@pytest.fixture(autouse=True)
def clock() -> Iterator[FakeClock]:
    made = FakeClock()
    with waiting_on(made):
        yield made


def test_a_cluster_in_its_steady_state_is_not_waited_for(clock: FakeClock) -> None:
    World().wait()
    assert (World().missing(), clock.pauses_s) == ("", [])


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (World(unready={"kafka-0"}), "kafka-0 not ready; every partition that is told of is in sync"),
        (World(lagging=[partition(1, 2, 1)]), "in sync orders-1 on [1, 2] of [0, 1, 2]"),
        (World(unready={"zookeeper-0"}, lagging=[partition(0)]), "zookeeper-0 not ready; in sync orders-0 on [] of"),
        (World(lagging=[partition(index, 1) for index in range(7)]), "orders-4 on [1] of [0, 1, 2] and 2 more"),
    ],
    ids=["a pod", "a partition", "both", "many"],
)
def test_what_is_missing_when_time_is_up_is_said(world: World, said: str) -> None:
    with pytest.raises(Inconclusive) as refused:
        world.wait()
    begin = "the cluster was not in its steady state before the clause began: steady state did not happen within"
    assert str(refused.value).startswith(f"{begin} {BUDGET_S:g} s: ")
    assert said in str(refused.value)


def test_brokers_that_do_not_answer_are_no_reason_to_say_nothing() -> None:
    world = World(unready={"kafka-1"}, silent=True)
    assert world.missing() == "kafka-1 not ready; no broker says what is in sync (nobody answers)"
