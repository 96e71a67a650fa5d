"""Searching: Hypothesis makes up schedules, short ones first and none twice, until one fails or the budget is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, strategies

from harness.families import Catalogue, Family
from harness.schedule import Schedule, Step, tenths

STEPS_MOST = 6
LASTS_MOST_S = 15.0
GAP_MOST_S = 5.0
CLOSE_S = 1.0
"""What comes within a second of another fault comes before anybody has noticed that one: half of all gaps are such."""

MOST_TRIED = 1_000_000
"""More than any budget has time for: the budget ends the search, not a number."""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What a search came to: the first schedule that failed, if one did, and how many were tried."""

    failing: Schedule | None
    tried: int


class _Enough(BaseException):
    """Ends a search: not an Exception, as Hypothesis would take that for a failure that it must see again."""


def search(
    known: Catalogue, *, seed: int, fails: Callable[[Schedule], bool], may_go_on: Callable[[], bool]
) -> Searched:
    """Try schedules until one fails; the first of all is the empty one, as what fails without a fault needs none."""
    tried: set[str] = set()
    failing: Schedule | None = None
    trouble: list[Exception] = []

    def is_enough(schedule: Schedule) -> bool:
        nonlocal failing
        if tried and not may_go_on():
            return True
        if str(schedule) in tried:
            return False
        tried.add(str(schedule))
        try:
            failing = schedule if fails(schedule) else None
        except Exception as error:  # Hypothesis would try the same again, to see whether it is raised each time
            trouble.append(error)
        return failing is not None or bool(trouble)

    if not is_enough(Schedule()):
        with suppress(_Enough):
            _try_all(known, seed=seed, is_enough=is_enough)
    if trouble:
        raise trouble[0]
    return Searched(failing=failing, tried=len(tried))


def _try_all(known: Catalogue, *, seed: int, is_enough: Callable[[Schedule], bool]) -> None:
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=MOST_TRIED,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(schedules(known))
    def attempt(schedule: Schedule) -> None:
        if is_enough(schedule):
            raise _Enough

    attempt()


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """A step and how it wants to meet the one before it: after it, so much later, or so long before it ends."""

    step: Step
    joins: bool
    before_its_end: bool
    gap_s: float


def schedules(known: Catalogue) -> strategies.SearchStrategy[Schedule]:
    """Return a strategy of schedules that these families can carry out."""
    drawn = strategies.builds(
        _Drawn,
        step=strategies.one_of([_steps(family) for family in known.values()]),
        joins=strategies.booleans(),
        before_its_end=strategies.booleans(),
        gap_s=_times(0.0, CLOSE_S) | _times(0.0, GAP_MOST_S),
    )
    return strategies.lists(drawn, min_size=1, max_size=STEPS_MOST).map(lambda found: _ordered(found, known))


def _steps(family: Family) -> strategies.SearchStrategy[Step]:
    victims = strategies.sampled_from(family.victims or (None,))
    lasts = strategies.just(0.0)
    if family.lasts is not None:
        lasts = _times(family.lasts.least_s, min(family.lasts.most_s, max(LASTS_MOST_S, family.lasts.least_s)))
    return strategies.builds(Step, family=strategies.just(family.name), victim=victims, lasts_s=lasts)


def _times(least_s: float, most_s: float) -> strategies.SearchStrategy[float]:
    return strategies.integers(round(least_s * 10), round(most_s * 10)).map(lambda count: tenths(count / 10))


def _ordered(drawn: Sequence[_Drawn], known: Catalogue) -> Schedule:
    """Put steps one after the other; one that wants to meets the one before it, if both may meet others."""
    steps: list[Step] = []
    begun_s = ends_s = 0.0
    before: Family | None = None
    for one in drawn:
        family = known[one.step.family]
        joins = one.joins and before is not None and not (before.alone or family.alone)
        if not joins:
            begun_s = ends_s = 0.0
        elif one.before_its_end:
            begun_s = max(begun_s, tenths(ends_s - one.gap_s))
        else:
            begun_s = tenths(begun_s + one.gap_s)
        ends_s = max(ends_s, begun_s + one.step.lasts_s)
        steps.append(replace(one.step, start_s=begun_s if joins else one.gap_s, after_sync=not joins))
        before = family
    return Schedule(tuple(steps))
