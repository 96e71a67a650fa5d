"""Waiting: on a clock that is given, for a real bool, once more after the time-out, with a message that says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.waiting import TimedOut, wait_until
from tests.harness.clocks import FakeClock


def test_a_condition_that_holds_is_asked_once_and_waited_for_not_at_all() -> None:
    clock = FakeClock()
    assert wait_until(lambda: True, what="it", timeout_s=5, clock=clock) == 0
    assert clock.pauses_s == []


def test_the_seconds_until_it_held_are_returned() -> None:
    clock = FakeClock()
    assert wait_until(lambda: clock.at_s >= 1003, what="it", timeout_s=5, every_s=1, clock=clock) == 3


def test_a_time_out_says_what_did_not_happen_and_within_how_long() -> None:
    with pytest.raises(TimedOut, match=r"^the leader moving did not happen within 2 s$"):
        wait_until(lambda: False, what="the leader moving", timeout_s=2, clock=FakeClock())


def test_the_detail_is_asked_for_at_the_time_out_and_not_before() -> None:
    clock = FakeClock()
    with pytest.raises(TimedOut, match=r"^it did not happen within 2 s: at 1002$"):
        wait_until(lambda: False, what="it", timeout_s=2, clock=clock, detail=lambda: f"at {clock.at_s:g}")


def test_the_condition_is_asked_once_more_after_the_time_out() -> None:
    clock = FakeClock()
    asked_at_s: list[float] = []

    def slow() -> bool:
        """Take ten seconds over the first question; by then it has happened."""
        asked_at_s.append(clock.at_s)
        clock.at_s += 10
        return len(asked_at_s) == 2

    assert wait_until(slow, what="it", timeout_s=3, clock=clock) == 20
    assert asked_at_s == [1000, 1010]


def test_a_time_out_of_nothing_still_asks_once() -> None:
    assert wait_until(lambda: True, what="it", timeout_s=0, clock=FakeClock()) == 0
    with pytest.raises(TimedOut):
        wait_until(lambda: False, what="it", timeout_s=0, clock=FakeClock())


@pytest.mark.parametrize("answer", [None, 1, 0, "", "yes", [], print], ids=repr)
def test_an_answer_that_is_no_bool_is_a_mistake_not_an_answer(answer: object) -> None:
    with pytest.raises(TypeError, match=r"the condition for 'it' returned .*, expected True or False"):
        wait_until(lambda: answer, what="it", timeout_s=2, clock=FakeClock())  # type: ignore[arg-type, return-value]


def test_an_error_in_the_condition_is_not_taken_for_a_no() -> None:
    def broken() -> bool:
        raise OSError("no answer")

    with pytest.raises(OSError, match="no answer"):
        wait_until(broken, what="it", timeout_s=2, clock=FakeClock())


@given(timeout_s=st.integers(0, 100), every_s=st.integers(1, 30))
def test_it_never_pauses_beyond_the_time_out(timeout_s: int, every_s: int) -> None:
    clock = FakeClock()
    with pytest.raises(TimedOut):
        wait_until(lambda: False, what="it", timeout_s=timeout_s, every_s=every_s, clock=clock)
    assert clock.at_s - 1000 == timeout_s
    assert max(clock.pauses_s, default=0) <= every_s


def test_without_a_clock_the_machines_own_is_used() -> None:
    assert wait_until(lambda: True, what="it", timeout_s=1) < 1
