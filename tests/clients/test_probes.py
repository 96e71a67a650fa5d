"""Probes: a child process that ends with its parent, and whose death is never taken for a cluster that serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from harness.budget import Budget
from harness.checkers import services
from harness.clients.admin import Partition, coordinator_partition
from harness.clients.probes import Probes, plan_for
from harness.clients.probing.plan import CONTROLLER, Plan
from harness.protocols import Admin
from harness.runclock import RunClock
from harness.services import Service
from harness.verdict import Verdict
from harness.waiting import TimedOut, wait_until

NOBODY_THERE = "127.0.0.1:1"


def probes(tmp_path: Path) -> Probes:
    """Return probes of a cluster that is not there."""
    clock = RunClock()
    plan = Plan(
        bootstrap=NOBODY_THERE,
        topic="orders",
        partitions=1,
        committing={},
        joining={},
        first_join_s=0,
        started_ns=clock.started_ns,
        log=str(tmp_path / "probes" / "x.jsonl"),
    )
    return Probes(plan, clock=clock)


def test_it_probes_on_the_clock_of_the_run_until_it_is_left_and_says_what_it_took(tmp_path: Path) -> None:
    with probes(tmp_path) as running:
        wait_until(lambda: len(running.seen()) > 20, what="probes", timeout_s=30)
    seen = running.seen()
    assert {(probe.service, probe.key, probe.ok) for probe in seen} == {
        (Service.FETCH, "orders-0", False),
        (Service.ADMIN, CONTROLLER, False),
    }
    assert all(0 < probe.intended_ns <= probe.begun_ns <= probe.ended_ns for probe in seen)
    assert 0 < cast(float, running.facts["probes_cpu_share"]) <= 2


def test_whoever_is_not_served_is_named(tmp_path: Path) -> None:
    with (
        probes(tmp_path) as running,
        pytest.raises(TimedOut, match="not yet create a topic on controller"),
    ):
        running.await_service(timeout_s=0.0)


def test_a_process_that_dies_is_told_at_once_and_makes_it_inconclusive(tmp_path: Path) -> None:
    with probes(tmp_path) as running:
        wait_until(lambda: len(running.seen()) > 0, what="probes", timeout_s=30)
        died_s = running.seen()[0].ended_ns / 1e9
        running._process.kill()
        running._process.wait()
        with pytest.raises(TimedOut, match="exit code -9"):
            running.await_service(timeout_s=600)
    assert running.facts == {"probes_died": "exit code -9: "}
    seen = services.watch(running.seen(), service=Service.FETCH, keys=["orders-0"], from_s=died_s, until_s=died_s + 60)
    judged = services.check(seen, budget=Budget(seconds=100, why="so it is"))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "not probed all the time" in judged.reason


@dataclass
class FakeAdmin:
    """Knows four partitions of the offsets topic, one of which nobody leads."""

    bootstrap: str = NOBODY_THERE

    def brokers(self) -> tuple[int, ...]:
        return (0, 1)

    def broker_config(self, broker: int) -> Mapping[str, str]:
        assert broker == 0
        return {"group.initial.rebalance.delay.ms": "3000"}

    def describe(self, topic: str) -> Sequence[Partition]:
        leaders = enumerate((0, 1, 1, None))
        return [Partition(topic=topic, index=index, leader=leader, replicas=(), isr=()) for index, leader in leaders]


def test_one_coordinator_of_each_broker_is_probed_by_groups_of_its_own(tmp_path: Path) -> None:
    admin = cast(Admin, FakeAdmin())
    plan = plan_for("orders", partitions=2, admin=admin, clock=RunClock(), log=tmp_path / "x.jsonl")
    assert plan.keys[Service.COMMIT] == plan.keys[Service.JOIN] == ("__consumer_offsets-0", "__consumer_offsets-2")
    assert plan.keys[Service.FETCH] == ("orders-0", "orders-1")
    assert plan.first_join_s == 3
    for groups in (plan.committing, plan.joining):
        for key, group in groups.items():
            assert coordinator_partition(group, partitions=4) == int(key[-1])
    assert not set(plan.committing.values()) & set(plan.joining.values())
    assert Plan.of_json(plan.as_json()) == plan
