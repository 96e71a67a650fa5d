"""Drawing: rounds of faults from a seed, with quiet in between, each of which could be typed."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from harness.drawing import QUIET_S, drawn, rounds
from harness.families import Catalogue, catalogue
from harness.rehearsing.families import families
from harness.schedule import Schedule, Step
from tests.harness.legal import require_legal

ALL = catalogue()
SEEDS = range(20)


def some(seed: int, *, known: Catalogue = ALL, count: int = 30) -> list[tuple[Step, ...]]:
    return list(islice(rounds(Random(seed), lambda: known), count))


@pytest.mark.parametrize("known", [ALL, families()], ids=["real", "rehearsal"])
def test_whatever_is_drawn_can_be_carried_out(known: Catalogue) -> None:
    for seed in SEEDS:
        require_legal(Schedule(tuple(step for each in some(seed, known=known) for step in each)), known)


def test_the_same_seed_draws_the_same_and_another_one_something_else() -> None:
    assert some(1) == some(1)
    assert some(1) != some(2)


def test_every_family_has_its_turn_and_no_round_has_one_twice() -> None:
    found = some(3, count=100)
    assert {step.family for each in found for step in each} == set(ALL)
    assert all(len({step.family for step in each}) == len(each) for each in found)


def test_rounds_are_quiet_in_between() -> None:
    _, *later = some(4)
    leads = [each[0] for each in later]
    assert all(step.after_sync and QUIET_S[0] <= step.start_s <= QUIET_S[1] for step in leads)


def test_some_faults_overlap_and_most_rounds_have_more_than_one() -> None:
    found = some(5, count=100)
    assert 20 < sum(not step.after_sync for each in found for step in each) < 100
    assert sum(len(each) > 1 for each in found) > 50


def test_a_family_that_turns_out_to_be_unsupported_is_not_drawn_any_more() -> None:
    known = dict(ALL)
    drawing = rounds(Random(6), lambda: known)
    next(drawing)
    for name in list(known)[1:]:
        del known[name]
    assert {step.family for each in islice(drawing, 10) for step in each} == set(known)


def test_where_no_family_is_left_nothing_is_drawn() -> None:
    assert list(rounds(Random(7), dict)) == []


def test_a_longer_run_has_the_shorter_ones_faults_and_more() -> None:
    short, long = (drawn(Random(8), ALL, for_s=for_s).steps for for_s in (120, 600))
    assert long[: len(short)] == short
    assert 0 < len(short) < len(long)
