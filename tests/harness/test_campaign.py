"""A campaign on the in-memory Kafka: planted bugs are found by faults, and shrunk to the faults that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness.campaign import Campaign, Campaigner
from harness.chaos_order import ChaosOrder
from harness.chaos_result import concluded, result, summary
from harness.families import require_known
from harness.fault_journal import NoNamespace
from harness.field import Field
from harness.outcome import Outcome
from harness.rehearsal.bugs import Bug
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.families import families
from harness.rehearsing.fields import RehearsedFields
from harness.run import Run
from harness.schedule import Schedule
from harness.spells import Missed
from harness.underway import Struck
from harness.verdict import Inconclusive, Verdict
from harness.waiting import waiting_on
from tests.harness.clocks import FakeClock
from tests.harness.made_runs import made_run

KNOWN = families()
BUDGET_S = 1000.0
LONGER = "delete:follower@after,isolate:kafka-1@after+1,crash:kafka-0@0.8,crash:kafka-2@0.8"


@dataclass
class Told:
    """What people were told of schedules that were tried."""

    tries: list[tuple[str, Verdict]] = field(default_factory=list)

    def expect(self, what: str, left_s: Callable[[], float] | None, *, tries: bool) -> None:
        assert what.startswith(("searching", "shrinking")) is tries
        assert left_s is None or left_s() > 0

    def begun(self, struck: Struck) -> None:
        assert struck.targets

    def over(self, struck: Struck) -> None:
        assert struck.targets

    def missed(self, missed: Missed) -> None:
        assert missed.why

    def failed(self, outcome: Outcome) -> None:
        assert outcome.verdict is Verdict.FAIL

    def tried(self, schedule: Schedule, outcome: Outcome) -> None:
        self.tries.append((str(schedule), outcome.verdict))


@dataclass(kw_only=True)
class Done:
    """A campaign that is over."""

    campaign: Campaign
    run: Run
    order: ChaosOrder
    told: Told

    @property
    def shortest(self) -> str:
        return str(self.campaign.outcome.schedule)

    def lines(self) -> tuple[str, ...]:
        """Return what is printed in the end."""
        self.run.results.append(result(self.run, self.order, self.campaign, left_out={}))
        return summary(self.run, self.order, self.campaign, verdict=concluded(self.campaign)[0])


def carried_out(folder: Path, order: ChaosOrder, *, bug: Bug | None = None, seed: int = 1, tries: int = 1000) -> Done:
    """Carry an order out on the in-memory Kafka; each schedule takes a second of the budget's clock."""
    clock, budget = RehearsalClock(), FakeClock()
    settings = replace(made_run(folder).settings, seed=seed, command=f"harness chaos --seed {seed} {order.words()}")
    run = Run(settings=settings, clock=clock)
    run.faults.copy_to(NoNamespace())
    told, bugs = Told(), frozenset({bug} if bug else ())
    fields = Ticking(RehearsedFields(clock, run=run, known=KNOWN, bugs=bugs), budget, seconds=BUDGET_S / tries)
    with waiting_on(clock):
        campaigner = Campaigner(fields=fields, run=run, known=KNOWN, order=order, lines=told, clock=budget)
        campaign = campaigner.carry_out()
    return Done(campaign=campaign, run=run, order=order, told=told)


class Ticking:
    """Fields of a rehearsal, each of which takes as long as a test says; the cluster may not be fit any more."""

    def __init__(self, fields: RehearsedFields, clock: FakeClock, *, seconds: float) -> None:
        self._fields, self._clock, self._seconds = fields, clock, seconds
        self.opened, self.unfit_after = 0, 10_000

    def facts(self) -> Mapping[str, object]:
        return self._fields.facts()

    @contextmanager
    def open(self) -> Iterator[Field]:
        self.opened += 1
        if self.opened > self.unfit_after:
            raise Inconclusive("the cluster was not in its steady state before the schedule")
        with self._fields.open() as opened:
            yield opened
        self._clock.at_s += self._seconds


def schedule(text: str, *, shrink_s: float = BUDGET_S) -> ChaosOrder:
    return ChaosOrder(for_s=0, schedule=text, shrink_s=shrink_s)


def searching(*, tries: int) -> ChaosOrder:
    return ChaosOrder(for_s=0, search_s=tries * 1.0, shrink_s=BUDGET_S)


@pytest.mark.parametrize(
    ("bug", "said"),
    [
        (Bug.LEADER_EPOCH_FALLS, "leader-epoch-regression"),
        (Bug.HIGH_WATERMARK_FALLS, "hw-regression"),
        (Bug.COORDINATOR_LOADS_OLD_OFFSETS, "offset-commit-regression"),
        (Bug.LEADERSHIP_BACK_TOO_EARLY, "inconsistent-offsets"),
        (Bug.LEADER_DROPS_ABOVE_CHECKPOINT, "inconsistent-offsets"),
    ],
    ids=lambda value: value.name if isinstance(value, Bug) else "",
)
def test_a_search_finds_a_planted_bug_and_shrinks_it_to_one_fault(tmp_path: Path, bug: Bug, said: str) -> None:
    done = carried_out(tmp_path, searching(tries=40), bug=bug)
    campaign = done.campaign
    assert (campaign.failed, said in campaign.outcome.kinds) == (True, True)
    assert campaign.shrunk is not None
    assert campaign.shrunk.is_minimal
    (step,) = campaign.outcome.schedule.steps
    assert step.start_s == 0
    assert "none" in dict(done.told.tries), "without a fault it does not fail"
    assert dict(done.told.tries)["none"] is not Verdict.FAIL


def test_a_bug_that_needs_no_fault_is_found_by_none(tmp_path: Path) -> None:
    done = carried_out(tmp_path, searching(tries=40), bug=Bug.CONSUMER_JUMPS)
    assert (done.shortest, done.campaign.searched) == ("none", 1)


def test_a_bug_that_needs_three_faults_at_once_is_shrunk_to_these(tmp_path: Path) -> None:
    done = carried_out(tmp_path, schedule(LONGER), bug=Bug.UNCLEAN_ELECTION)
    assert done.campaign.failed
    assert str(done.campaign.first) == LONGER
    assert [step.what for step in done.campaign.outcome.schedule.steps] == [
        "isolate:kafka-1",
        "crash:kafka-0",
        "crash:kafka-2",
    ]


def test_what_was_found_fails_again_by_the_one_command_that_is_printed(tmp_path: Path) -> None:
    found = carried_out(tmp_path / "found", searching(tries=40), bug=Bug.NO_TRUNCATION)
    (again,) = [line.strip() for line in found.lines() if line.strip().startswith("again:")]
    assert again == f"again: harness chaos --seed 1 --schedule {found.shortest}"
    replayed = carried_out(tmp_path / "again", schedule(found.shortest, shrink_s=0), bug=Bug.NO_TRUNCATION)
    assert replayed.campaign.outcome.kinds == found.campaign.outcome.kinds


def test_a_bug_that_never_struck_is_told_as_that(tmp_path: Path) -> None:
    done = carried_out(tmp_path, schedule("crash:leader@0"), bug=Bug.RETENTION_TOO_LATE)
    assert not done.campaign.failed
    assert "  retention too late struck: 0" in done.lines()


def test_without_a_bug_a_search_finds_nothing(tmp_path: Path) -> None:
    done = carried_out(tmp_path, searching(tries=8))
    assert concluded(done.campaign) == (Verdict.PASS, "")
    assert "  again: harness chaos --seed 1 --search 8s" in done.lines()
    assert done.campaign.searched == 8
    assert {verdict for text, verdict in done.told.tries if text != "none"} == {Verdict.PASS}


def test_without_a_bug_drawn_faults_are_survived_and_could_be_typed(tmp_path: Path) -> None:
    done = carried_out(tmp_path, ChaosOrder(for_s=30, shrink_s=BUDGET_S))
    outcome = done.campaign.outcome
    assert (outcome.verdict, outcome.reason) == (Verdict.PASS, "")
    assert len(outcome.struck) > 1
    require_known(outcome.schedule, KNOWN)
    again = carried_out(tmp_path / "again", schedule(str(outcome.schedule)))
    assert [str(one.step) for one in again.campaign.outcome.struck] == [str(one.step) for one in outcome.struck]


def test_a_bug_turns_drawn_faults_red_and_they_are_shrunk(tmp_path: Path) -> None:
    done = carried_out(tmp_path, ChaosOrder(for_s=6, shrink_s=BUDGET_S), bug=Bug.LEADER_EPOCH_FALLS)
    assert done.campaign.failed
    assert len(done.campaign.outcome.schedule.steps) == 1


def test_no_fault_is_no_evidence(tmp_path: Path) -> None:
    verdict, reason = concluded(carried_out(tmp_path, schedule("none")).campaign)
    assert verdict is Verdict.INCONCLUSIVE
    assert "no fault was injected, so nothing was survived" in reason


def test_a_search_without_time_for_a_fault_says_nothing(tmp_path: Path) -> None:
    verdict, reason = concluded(carried_out(tmp_path, searching(tries=1)).campaign)
    assert (verdict, reason) == (Verdict.INCONCLUSIVE, "no schedule with a fault was tried within the budget")


def test_shrinking_keeps_its_budget(tmp_path: Path) -> None:
    done = carried_out(tmp_path, schedule(LONGER, shrink_s=3.0), bug=Bug.UNCLEAN_ELECTION)
    assert done.campaign.shrunk is not None
    assert (done.campaign.shrunk.tried, done.campaign.shrunk.is_minimal) == (3, False)
    assert done.campaign.failed


def test_shrinking_may_be_left_out(tmp_path: Path) -> None:
    done = carried_out(tmp_path, schedule("crash:leader@after5", shrink_s=0), bug=Bug.LEADER_EPOCH_FALLS)
    assert (done.shortest, done.campaign.shrunk, done.told.tries) == ("crash:leader@after5", None, [])


def test_whoever_interrupts_the_shrinking_is_told_the_shortest_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = RehearsedFields.open
    count = iter(range(100))

    def open_twice(fields: RehearsedFields) -> AbstractContextManager[Field]:
        if next(count) == 3:
            raise KeyboardInterrupt
        return opened(fields)

    monkeypatch.setattr(RehearsedFields, "open", open_twice)
    done = carried_out(tmp_path, schedule("kill:follower@after2,crash:leader@after3"), bug=Bug.LEADER_EPOCH_FALLS)
    assert (done.campaign.failed, done.shortest) == (True, "crash:leader@after3")
    assert done.campaign.shrunk is not None
    assert (done.campaign.shrunk.tried, done.campaign.shrunk.is_minimal) == (3, False)
