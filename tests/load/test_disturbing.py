"""Disturbing: a fault strikes once, in the midst of the long trial, which is held open until all is well again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.disturbing import Striking, _is_half_over
from harness.fault_journal import NoNamespace
from harness.measuring.plan import FindKnee, Hold, Purpose
from harness.measuring.result import Recording
from harness.remedies import Remedy
from harness.run import Run
from harness.verdict import Inconclusive
from tests.harness.made_runs import made_run


@dataclass
class FakeFault:
    """A fault whose proofs come when they are set."""

    name: str = "fake fault"
    injected: int = 0
    proven: bool = False
    healed: bool = False

    def plan(self) -> tuple[str, ...]:
        return ("kafka-1",)

    def remedies(self) -> tuple[Remedy, ...]:
        return ()

    def inject(self) -> None:
        self.injected += 1

    def proof_of_injection(self) -> dict[str, object] | None:
        return {"pod": "kafka-1"} if self.proven else None

    def heal(self) -> None:
        """Leave it to Kubernetes."""

    def proof_of_healing(self) -> dict[str, object] | None:
        return {"ready": True} if self.healed else None


@dataclass
class FakeAdmin:
    """A cluster in which these partitions are out of sync."""

    behind: list[str] = field(default_factory=list)

    def out_of_sync(self) -> Sequence[object]:
        return self.behind


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run(tmp_path, copies=NoNamespace())


def recording(*, purpose: Purpose = Purpose.SOAK, judged_s: float = 0.0) -> Recording:
    """Return a trial whose judged part is so long by now."""
    made = Recording(number=1, purpose=purpose, rate_hz=1000, begun_s=0, from_s=2)
    made.seconds = [SimpleNamespace(time_s=2 + judged_s)]  # type: ignore[list-item]  # it is asked for nothing else
    return made


def striking(
    fault: FakeFault, admin: FakeAdmin, run: Run, *, strikes: Callable[[Recording], bool], budget_s: float = 1000
) -> Striking:
    cluster = SimpleNamespace(brokers=("kafka-0", "kafka-1", "kafka-2"))
    return Striking(
        cast(Cluster, cluster),
        cast(Admin, admin),
        run,
        strikes=strikes,
        choose=lambda: fault,
        budget_s=budget_s,
    )


def test_it_strikes_once_and_lasts_until_all_is_proven_and_in_sync(run: Run) -> None:
    fault, admin = FakeFault(), FakeAdmin(behind=["orders-1"])
    it = striking(fault, admin, run, strikes=lambda trial: trial.judged_s >= 10)
    it.look(recording(judged_s=9))
    assert (fault.injected, it.struck_s, it.is_over()) == (0, None, True)
    it.look(recording(judged_s=10))
    it.look(recording(judged_s=11))
    assert fault.injected == 1
    assert it.struck_s is not None
    fault.healed = True
    assert not it.is_over(), "nothing has proven it yet"
    fault.proven = True
    it.look(recording(judged_s=12))
    assert not it.is_over(), "a partition is out of sync"
    admin.behind.clear()
    assert it.is_over()
    assert [event.kind for event in run.events] == ["fault", "proven", "healed"]


def test_a_fault_that_is_never_proven_has_shown_nothing(run: Run) -> None:
    it = striking(FakeFault(healed=True), FakeAdmin(), run, strikes=lambda _: True, budget_s=-1)
    it.look(recording())
    with pytest.raises(Inconclusive, match="nothing proves that the fake fault happened"):
        it.is_over()


def test_a_cluster_that_does_not_recover_in_time_has_failed(run: Run) -> None:
    it = striking(FakeFault(proven=True), FakeAdmin(), run, strikes=lambda _: True, budget_s=-1)
    it.look(recording())
    it.look(recording())
    with pytest.raises(AssertionError, match="not in sync again"):
        it.is_over()


def test_a_broker_is_killed_in_the_middle_of_the_long_trial_only() -> None:
    strikes = partial(_is_half_over, FindKnee(from_records_per_s=1, most_records_per_s=2, soak_s=1800))
    assert not strikes(recording(purpose=Purpose.CONFIRM, judged_s=1000))
    assert not strikes(recording(judged_s=899))
    assert strikes(recording(judged_s=900))
    assert _is_half_over(Hold(records_per_s=1, measured_s=60), recording(purpose=Purpose.HOLD, judged_s=30))
