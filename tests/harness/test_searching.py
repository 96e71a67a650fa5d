"""Searching: schedules are made up from a seed, all of them can be carried out, and the budget ends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from harness.families import Catalogue, catalogue
from harness.rehearsing.families import families
from harness.schedule import Schedule
from harness.searching import Searched, schedules, search
from tests.harness.legal import require_legal

ALL = catalogue()


def searched(
    fails: Callable[[Schedule], bool], *, tries: int = 200, seed: int = 1, known: Catalogue = ALL
) -> tuple[Searched, list[str]]:
    """Search with a budget of some tries."""
    tried: list[str] = []

    def judged(schedule: Schedule) -> bool:
        tried.append(str(schedule))
        return fails(schedule)

    return search(known, seed=seed, fails=judged, may_go_on=lambda: len(tried) < tries), tried


@given(schedules(ALL))
def test_what_is_made_up_can_be_carried_out(schedule: Schedule) -> None:
    require_legal(schedule, ALL)


@given(schedules(families()))
def test_what_is_made_up_for_a_rehearsal_can_be_carried_out_there(schedule: Schedule) -> None:
    require_legal(schedule, families())


def test_the_empty_schedule_comes_first() -> None:
    found, tried = searched(lambda _: True)
    assert (found, tried) == (Searched(failing=Schedule(), tried=1), ["none"])


@pytest.mark.parametrize("what", ["pause:zookeeper-leader", "isolate:controller", "cold-start"])
def test_a_schedule_that_fails_is_found(what: str) -> None:
    found, tried = searched(lambda schedule: what in {step.what for step in schedule.steps}, tries=2000)
    assert found.failing is not None
    assert what in {step.what for step in found.failing.steps}
    assert tried[-1] == str(found.failing)


def test_faults_overlap_in_some_schedules_and_follow_each_other_in_others() -> None:
    stretches: list[int] = []

    def look(schedule: Schedule) -> bool:
        stretches.extend(len(stretch) for stretch in schedule.stretches)
        return False

    searched(look)
    assert {1, 2, 3} <= set(stretches)


def test_nothing_that_fails_is_nothing_found_and_the_budget_is_kept() -> None:
    found, tried = searched(lambda _: False, tries=50)
    assert found == Searched(failing=None, tried=50)
    assert len(set(tried)) == len(tried), "no schedule is tried twice"


def test_what_fails_at_the_last_try_is_found_all_the_same() -> None:
    count = iter(range(1, 100))
    found, _ = searched(lambda _: next(count) == 50, tries=50)
    assert found.tried == 50
    assert found.failing is not None


def test_the_same_seed_makes_up_the_same_schedules_and_another_one_others() -> None:
    first, again, other = (searched(lambda _: False, tries=30, seed=seed)[1] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_an_error_of_ours_is_not_taken_for_a_schedule_that_fails() -> None:
    def stumble(schedule: Schedule) -> bool:
        if schedule.steps:
            raise OSError("the disk is full")
        return False

    with pytest.raises(OSError, match="the disk is full"):
        searched(stumble)
