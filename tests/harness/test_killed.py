"""Killed: the harness may end between any two steps, and so may whoever heals; after one whole healing nothing is left.

What is played here is the end by signal 9: from one moment on nothing of the process happens any more, no `finally` and
no handler. The cluster and the copies in its namespace are all that stays; the report may be lost.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.process import CrashInPlace, ForcedDelete
from chaos.rollout import RollingConfigChange
from chaos.scale import BrokersAway
from harness.cluster.fault_copies import FaultCopies
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fault_lines import FaultLine
from harness.faults import Fault
from harness.healer import Healer
from harness.healing import Outcome
from harness.inner_heal import known_lines
from harness.protocols import Admin
from harness.trial import inject, strike
from harness.waiting import waiting_on
from tests.cluster.fakes import NAMESPACE, FakeApi, FakeCluster, FakeCore
from tests.harness.clocks import FakeClock
from tests.harness.made_runs import made_run

DECLARED = 3
MOST_STEPS = 60


class Killed(BaseException):
    """The process is gone."""


class Life:
    """A process that ends at one of its steps; whatever it tries afterwards does not happen."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed


class Living:
    """Somebody's view of a thing: each use of it is two steps of his life, one before and one after."""

    def __init__(self, thing: object, life: Life) -> None:
        self._thing, self._life = thing, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if not callable(found):
            return found

        def called(*args: object, **options: object) -> object:
            self._life.step()
            answer = found(*args, **options)
            self._life.step()
            return answer

        return called


class InSync:
    """An admin of a cluster in which everything is in sync."""

    def out_of_sync(self) -> Sequence[object]:
        return ()


class World:
    """What stays when a process ends."""

    def __init__(self) -> None:
        self.pods = FakeCluster(brokers=DECLARED)
        self.core = FakeCore({NAMESPACE: None})
        self.copies = FaultCopies(FakeApi(core=self.core).connection, NAMESPACE)

    def run(self, life: Life, folder: Path, plan: Sequence[str], *, overlapping: bool) -> None:
        """Live as a run that injects faults one after the other, or all at once."""
        cluster = cast(Cluster, Living(self.pods, life))
        run = made_run(folder)
        run.faults.copy_to(cast(FaultCopies, Living(self.copies, life)), cluster)
        faults = [FAULTS[name](cluster) for name in plan]
        admin = cast(Admin, InSync())
        if not overlapping:
            for fault in faults:
                strike(fault, admin=admin, run=run, evidence=Evidence())
            return
        for fault in faults:
            inject(fault, run, Evidence())
        for fault in reversed(faults):
            fault.heal()
            run.faults.close(fault)

    def heal(self, life: Life, lines: Sequence[FaultLine]) -> Outcome:
        """Live as one who heals."""
        healer = Healer(
            open_cluster=lambda: cast(Cluster, Living(self.pods, life)),
            copies=cast(FaultCopies, Living(self.copies, life)),
            rest=lambda _: Outcome(done=("at rest",)),
            audit=lambda _: Outcome(done=("looked",)),
            glance=lambda _: Outcome(done=("looked",)),
        )
        return healer.heal(lines)

    @property
    def wrong(self) -> list[str]:
        """What is not as it was declared."""
        found = []
        if self.pods.asked != DECLARED or set(self.pods.pods) != set(self.pods.brokers):
            found.append(f"{self.pods.asked} pods are asked for, there are {sorted(self.pods.pods)}")
        if self.pods.mounted != "kafka-abc" or self.pods.config_maps != {"kafka-abc"}:
            found.append(f"{self.pods.mounted} is mounted, there are {self.pods.config_maps}")
        return found


FAULTS: dict[str, Any] = {
    "two away": lambda cluster: BrokersAway(cluster, left=1),
    "all away": lambda cluster: BrokersAway(cluster, left=0),
    "config": lambda cluster: RollingConfigChange(cluster, file="a", text="b"),
    "delete": lambda cluster: ForcedDelete(cluster, "kafka-1"),
    "crash": lambda cluster: CrashInPlace(cluster, "kafka-2"),
}
STEPS = st.integers(0, MOST_STEPS)
ONE_AFTER_THE_OTHER = st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=3).filter(
    lambda names: names.count("config") <= 1
)
AT_ONCE = st.lists(st.sampled_from(["two away", "all away"]), min_size=1, max_size=3)


def live_and_be_healed(
    plan: Sequence[str], *, overlapping: bool, steps: int, healing_steps: int, report_lost: bool
) -> tuple[World, Outcome]:
    """Let a run be killed, let one who heals be killed, then heal in full from what is there."""
    world = World()
    with tempfile.TemporaryDirectory() as name, waiting_on(FakeClock()):
        reports = Path(name)
        _live(lambda: world.run(Life(steps), reports / "a-run", plan, overlapping=overlapping))
        if report_lost:
            reports /= "lost"
        _live(lambda: world.heal(Life(healing_steps), known_lines(world.copies, reports)))
        outcome = world.heal(Life(10_000), known_lines(world.copies, reports))
    return world, outcome


def _live(life: Any) -> None:
    with suppress(Killed):
        life()


def require_healed(world: World, outcome: Outcome) -> None:
    assert world.wrong == []
    assert outcome.left == outcome.unknown == ()
    assert all(not line.is_open for line in world.copies.lines())
    assert world.heal(Life(10_000), world.copies.lines()).done == ("at rest", "looked"), "nothing more is to be done"


@given(ONE_AFTER_THE_OTHER, STEPS, STEPS, st.booleans())
def test_after_an_end_between_any_two_steps_nothing_remains(
    plan: list[str], steps: int, healing_steps: int, report_lost: bool
) -> None:
    world, outcome = live_and_be_healed(
        plan, overlapping=False, steps=steps, healing_steps=healing_steps, report_lost=report_lost
    )
    require_healed(world, outcome)


@given(AT_ONCE, STEPS, STEPS, st.booleans())
def test_faults_that_overlap_are_undone_to_what_was_declared(
    plan: list[str], steps: int, healing_steps: int, report_lost: bool
) -> None:
    world, outcome = live_and_be_healed(
        plan, overlapping=True, steps=steps, healing_steps=healing_steps, report_lost=report_lost
    )
    require_healed(world, outcome)


@pytest.mark.parametrize("steps", range(MOST_STEPS))
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_at_each_step(name: str, steps: int) -> None:
    world, outcome = live_and_be_healed([name], overlapping=False, steps=steps, healing_steps=0, report_lost=True)
    require_healed(world, outcome)


def test_a_run_that_is_killed_in_mid_fault_does_leave_something() -> None:
    """Were it not so, the tests above would show nothing."""
    left = set()
    for steps in range(MOST_STEPS):
        world = World()
        with tempfile.TemporaryDirectory() as folder, waiting_on(FakeClock()):
            _live(lambda: world.run(Life(steps), Path(folder), ["two away", "config"], overlapping=False))  # noqa: B023
        left.update(world.wrong)
    assert len(left) > 1


def test_a_fault_is_never_injected_that_the_namespace_does_not_know_of() -> None:
    for steps in range(MOST_STEPS):
        world = World()
        with tempfile.TemporaryDirectory() as folder, waiting_on(FakeClock()):
            _live(lambda: world.run(Life(steps), Path(folder), ["two away"], overlapping=False))  # noqa: B023
        if world.wrong:
            assert [line.is_open for line in world.copies.lines()] == [True]


def test_the_faults_that_are_played_are_faults() -> None:
    fault: Fault
    for make in FAULTS.values():
        fault = make(FakeCluster().cluster)
        assert fault.plan()
