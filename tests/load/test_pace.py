"""The pace: every slot has its moment, none is skipped, none comes early, and steps may be added while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measuring import pace
from harness.measuring.pace import Pace, Step
from harness.runclock import NS_PER_S

RATES = st.just(0.0) | st.integers(1, 100_000).map(float) | st.floats(0.01, 1000)
STEPS = st.lists(st.tuples(st.integers(1, 20 * NS_PER_S), RATES), min_size=1, max_size=5)


def made(steps: list[tuple[int, float]]) -> Pace:
    """Return a pace of steps that begin so long after each other."""
    from_ns, found = 0, []
    for length_ns, rate_hz in steps:
        from_ns += length_ns
        found.append(Step(from_ns=from_ns, rate_hz=rate_hz))
    return Pace(steps=tuple(found))


@given(STEPS, st.integers(0, 120 * NS_PER_S))
def test_exactly_those_slots_are_due_whose_moment_has_come(steps: list[tuple[int, float]], now_ns: int) -> None:
    followed = made(steps)
    due = followed.due_by(now_ns)
    first = max(0, due - 100)
    moments = followed.intended_ns(first, due)
    assert len(moments) == due - first
    assert all(moments <= now_ns)
    assert list(moments) == sorted(moments)
    if followed.steps[-1].rate_hz and now_ns >= followed.steps[-1].from_ns:
        assert followed.intended_ns(due, due + 1)[0] > now_ns


@given(STEPS, st.integers(1, 100_000))
def test_moments_are_the_same_however_they_are_asked_for(steps: list[tuple[int, float]], seconds: int) -> None:
    followed = made(steps)
    due = min(300, followed.due_by(seconds * NS_PER_S))
    one_by_one = [int(followed.intended_ns(slot, slot + 1)[0]) for slot in range(due)]
    assert list(followed.intended_ns(0, due)) == one_by_one


@given(STEPS, STEPS)
def test_a_step_in_the_future_changes_nothing_before_it(
    some: list[tuple[int, float]], more: list[tuple[int, float]]
) -> None:
    before, after = made(some), made(some + more)
    begins_ns = after.steps[len(some)].from_ns
    assert before.due_by(begins_ns - 1) == after.due_by(begins_ns - 1)


def test_an_hour_does_not_drift() -> None:
    steady = Pace(steps=(Step(from_ns=0, rate_hz=3000),))
    assert steady.due_by(3600 * NS_PER_S - 1) == 3000 * 3600
    assert steady.intended_ns(3000 * 3599, 3000 * 3599 + 1)[0] == 3599 * NS_PER_S


def test_the_shares_of_all_producers_are_the_pace() -> None:
    step = Step(from_ns=0, rate_hz=1000)
    assert sum(step.share(3).rate_hz for _ in range(3)) == pytest.approx(1000)


def test_what_is_appended_is_read_in_order(tmp_path: Path) -> None:
    assert pace.read(tmp_path).steps == ()
    steps = (Step(from_ns=5, rate_hz=100), Step(from_ns=9, rate_hz=0))
    for step in steps:
        pace.append(tmp_path, step)
    assert pace.read(tmp_path).steps == steps
    assert pace.read(tmp_path, producers=4).steps[0].rate_hz == 25


def test_consumers_read_unless_the_step_that_holds_says_that_they_rest() -> None:
    resting = Pace(
        steps=(Step(from_ns=5, rate_hz=1), Step(from_ns=9, rate_hz=1, reads=False), Step(from_ns=12, rate_hz=0))
    )
    assert [resting.reads_at(moment) for moment in (0, 5, 9, 11, 12)] == [True, True, False, False, True]
    assert not Step(from_ns=9, rate_hz=1, reads=False).share(2).reads


def test_an_impossible_pace_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Step(from_ns=0, rate_hz=-1)
    with pytest.raises(ValueError, match="only grow"):
        Pace(steps=(Step(from_ns=5, rate_hz=1), Step(from_ns=5, rate_hz=2)))
    with pytest.raises(ValueError, match="expected some that are due"):
        Pace(steps=(Step(from_ns=0, rate_hz=0),)).intended_ns(0, 1)
