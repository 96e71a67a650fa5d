"""A campaign: schedules are carried out one after the other, searched for one that fails, and that one is shrunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol

from harness.chaos_order import ChaosOrder
from harness.drawing import rounds
from harness.families import Catalogue
from harness.field import Fields
from harness.ordeal import Teller
from harness.outcome import Outcome, Plan, undergo
from harness.run import Run
from harness.schedule import Schedule, Step, parse
from harness.searching import search
from harness.shrinking import Shrunk, shrink
from harness.verdict import Inconclusive, Verdict
from harness.waiting import Clock, MonotonicClock


class Lines(Teller, Protocol):
    """Whoever tells people how a campaign goes."""

    def expect(self, what: str, left_s: Callable[[], float] | None, *, tries: bool) -> None:
        """Tell what is done from now on, one schedule or many tries, and, asked again, for about how much longer."""

    def failed(self, outcome: Outcome) -> None:
        """Tell what failed and why, before it is made shorter."""

    def tried(self, schedule: Schedule, outcome: Outcome) -> None:
        """Tell what a schedule of a search or of a shrinking came to."""


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What came of it: the outcome that counts, and how many schedules a search tried.

    `first` is the schedule as it first failed, and `shrunk` what was found to fail of it; `unclear` says why schedules
    of a search could not be judged.
    """

    outcome: Outcome
    searched: int = 0
    unclear: tuple[str, ...] = ()
    first: Schedule | None = None
    shrunk: Shrunk | None = None
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.outcome.verdict is Verdict.FAIL


@dataclass(kw_only=True)
class Campaigner:
    """Carries out what was ordered; budgets are in real time, also where the cluster's own time is virtual."""

    fields: Fields
    run: Run
    known: Catalogue
    order: ChaosOrder
    lines: Lines
    clock: Clock = field(default_factory=MonotonicClock)
    _unclear: list[str] = field(default_factory=list)
    _last: Outcome | None = None
    _last_s: float = 0.0
    _is_broken: bool = False

    def carry_out(self) -> Campaign:
        """Do what was ordered; a schedule that fails is shrunk."""
        return replace(self._carried_out(), facts=self.fields.facts())

    def _carried_out(self) -> Campaign:
        order = self.order
        if order.search_s is not None:
            return self._searched(order.search_s)
        if order.schedule is not None:
            given = parse(order.schedule)
            self.lines.expect(f"the schedule {given}", None, tries=False)
            return self._shrunk(Campaign(outcome=self._undergo(lambda _: given.steps, is_given=True)))
        return self._shrunk(Campaign(outcome=self._undergo(self._drawn, is_given=False)))

    def _drawn(self, supported: Callable[[], Catalogue]) -> Iterator[Step]:
        """Draw rounds until the time is over; what is under way by then is finished."""
        clock = self.run.clock
        until_s = clock.now_s() + self.order.for_s
        self.lines.expect(f"faults for {self.order.for_s:g} s", lambda: until_s - clock.now_s(), tries=False)
        for each in rounds(Random(self.run.settings.seed), supported):
            for step in each:
                if step.after_sync and clock.now_s() >= until_s:
                    return
                yield step

    def _undergo(self, plan: Plan, *, is_given: bool) -> Outcome:
        begun_s = self.clock.now_s()
        with self.fields.open() as field:
            outcome = undergo(plan, field, run=self.run, teller=self.lines, is_given=is_given)
        self._last_s = self.clock.now_s() - begun_s
        return outcome

    def _try(self, schedule: Schedule) -> Outcome | None:
        """Carry a schedule out; None when the cluster was not fit for one, and then it is fit for none."""
        try:
            outcome = self._undergo(lambda _: schedule.steps, is_given=True)
        except Inconclusive as unfit:
            self._is_broken = True
            self._unclear.append(str(unfit))
            return None
        self.lines.tried(schedule, outcome)
        return outcome

    def _searched(self, budget_s: float) -> Campaign:
        def fails(schedule: Schedule) -> bool:
            outcome = self._try(schedule)
            if outcome is None:
                return False
            self._last = outcome
            if outcome.verdict is Verdict.INCONCLUSIVE and schedule.steps:
                self._unclear.append(f"{schedule}: {outcome.reason}")
            return outcome.verdict is Verdict.FAIL

        may_go_on = self._within(budget_s, what=f"searching for {budget_s:g} s for a schedule that fails")
        found = search(self.known, seed=self.run.settings.seed, fails=fails, may_go_on=may_go_on)
        if self._last is None:
            raise Inconclusive(f"no schedule could be tried: {'; '.join(self._unclear)}")
        campaign = Campaign(outcome=self._last, searched=found.tried, unclear=tuple(self._unclear))
        return self._shrunk(campaign)

    def _shrunk(self, campaign: Campaign) -> Campaign:
        """Shrink the schedule of an outcome that failed, as long as what is left fails in one of the same ways."""
        first, kinds = campaign.outcome.schedule, campaign.outcome.kinds
        if not campaign.failed or not first.steps or not self.order.shrink_s:
            return replace(campaign, first=first if campaign.failed else None)

        best = campaign.outcome
        tried = 0

        def fails(schedule: Schedule) -> bool:
            nonlocal best, tried
            tried += 1
            outcome = self._try(schedule)
            if outcome is None or kinds.isdisjoint(outcome.kinds):
                return False
            best = outcome
            return True

        self.lines.failed(best)

        may_go_on = self._within(
            self.order.shrink_s, what=f"shrinking what failed, for {self.order.shrink_s:g} s at most"
        )
        try:
            shrunk = shrink(first, known=self.known, fails=fails, may_go_on=may_go_on)
        except KeyboardInterrupt:  # what failed has failed, whoever has no time to see it shorter
            shrunk = Shrunk(schedule=best.schedule, tried=tried, is_minimal=False)
        return replace(campaign, outcome=best, first=first, shrunk=shrunk)

    def _within(self, budget_s: float, *, what: str) -> Callable[[], bool]:
        """Return a question: is there time for one more schedule, if it takes as long as the last one did?"""
        until_s = self.clock.now_s() + budget_s
        self.lines.expect(what, lambda: until_s - self.clock.now_s(), tries=True)
        return lambda: not self._is_broken and self.clock.now_s() + self._last_s <= until_s
