"""Shrinking: what fails becomes as short as it can be, and is never tried twice nor beyond the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from harness.families import catalogue
from harness.rehearsing.families import families
from harness.schedule import Schedule, parse
from harness.shrinking import shrink, smaller
from tests.harness.legal import require_legal, schedules

KNOWN = families()
LONG = (
    "crash:leader@after3,isolate:follower@1+12,kill:broker@4,cold-start@after20,isolate:leader@after5+9,crash:broker@3"
)


def counted(limit: int) -> Callable[[], bool]:
    """Allow so many tries."""
    tries: Iterator[int] = iter(range(limit))
    return lambda: next(tries, None) is not None


def fails_with(*needed: str) -> Callable[[Schedule], bool]:
    """Let a schedule fail that has steps which do these things."""
    return lambda schedule: set(needed) <= {step.what for step in schedule.steps}


def shrunk(text: str, fails: Callable[[Schedule], bool], *, tries: int = 10_000) -> tuple[str, bool]:
    found = shrink(parse(text), known=KNOWN, fails=fails, may_go_on=counted(tries))
    assert found.tried <= tries
    return str(found.schedule), found.is_minimal


def test_only_the_steps_that_matter_are_left_at_their_shortest() -> None:
    assert shrunk(LONG, fails_with("kill:broker", "isolate:leader")) == (
        "kill:broker@after,isolate:leader@after+0.5",
        True,
    )


def test_what_fails_without_any_fault_needs_none() -> None:
    assert shrunk(LONG, lambda _: True) == ("none", True)


def test_what_fails_only_as_it_is_stays_as_it_is() -> None:
    assert shrunk(LONG, lambda schedule: str(schedule) == LONG) == (LONG, True)


def test_a_fault_is_no_shorter_than_what_fails() -> None:
    def fails(schedule: Schedule) -> bool:
        return any(step.what == "isolate:leader" and step.lasts_s >= 3.3 for step in schedule.steps)

    text, is_minimal = shrunk(LONG, fails)
    (step,) = parse(text).steps
    assert is_minimal
    assert (step.what, step.after_sync, step.start_s) == ("isolate:leader", True, 0)
    assert 3.3 <= step.lasts_s < 4.5, "each further cut by a quarter would be too much"


def test_an_overlap_that_matters_stays() -> None:
    def fails(schedule: Schedule) -> bool:
        return any(len(stretch) > 1 for stretch in schedule.stretches)

    text, _ = shrunk(LONG, fails)
    assert [len(stretch) for stretch in parse(text).stretches] == [2]


def test_a_spent_budget_gives_the_shortest_so_far_and_says_that_there_may_be_a_shorter_one() -> None:
    text, is_minimal = shrunk(LONG, fails_with("kill:broker"), tries=3)
    assert not is_minimal
    assert fails_with("kill:broker")(parse(text))
    assert len(parse(text).steps) < 6


def test_no_schedule_is_tried_twice() -> None:
    tried: list[str] = []

    def fails(schedule: Schedule) -> bool:
        tried.append(str(schedule))
        return fails_with("isolate:leader")(schedule)

    shrunk(LONG, fails)
    assert len(tried) == len(set(tried))


@given(schedules(KNOWN))
def test_everything_smaller_can_be_carried_out_and_is_smaller(schedule: Schedule) -> None:
    for candidate in smaller(schedule, KNOWN):
        require_legal(candidate, KNOWN)
        assert _size(candidate) < _size(schedule)


@given(schedules(catalogue()), st.integers(0, 5))
def test_the_result_always_fails(schedule: Schedule, number: int) -> None:
    needed = schedule.steps[number % len(schedule.steps)].what
    found = shrink(schedule, known=catalogue(), fails=fails_with(needed), may_go_on=lambda: True)
    assert found.is_minimal
    assert [step.what for step in found.schedule.steps] == [needed]


def _size(schedule: Schedule) -> tuple[int, float]:
    return len(schedule.steps), sum(step.lasts_s + step.start_s for step in schedule.steps)
