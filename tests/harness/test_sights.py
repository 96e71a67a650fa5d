"""Sights: seen in time is a PASS, not seen is a FAIL, and where nobody answers nobody has looked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness.budget import Budget
from harness.clients.admin import NoAnswer
from harness.runclock import NS_PER_S, RunClock
from harness.sights import Sight, watch
from harness.verdict import Verdict
from harness.waiting import waiting_on

SINCE_S = 100.0


class Clock(RunClock):
    """A clock that goes on only while somebody waits."""

    def __init__(self) -> None:
        super().__init__(started_ns=0)
        self.seconds = SINCE_S

    def now_ns(self) -> int:
        return round(self.seconds * NS_PER_S)

    def pause_s(self, duration_s: float) -> None:
        self.seconds += duration_s


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return the clock on which everybody waits."""
    made = Clock()
    with waiting_on(made):
        yield made


def seen_from(clock: Clock, moment_s: float) -> Callable[[], bool]:
    return lambda: clock.seconds >= SINCE_S + moment_s


def sight(is_seen: Callable[[], bool]) -> Sight:
    return Sight(what="another leader", is_seen=is_seen, budget=Budget(seconds=10, why="ten will do"))


def test_what_is_seen_in_time_passes_and_says_when(clock: Clock) -> None:
    judged = watch(sight(seen_from(clock, 4.2)), since_s=SINCE_S, clock=clock)
    assert (judged.verdict, judged.checker) == (Verdict.PASS, "another leader")
    assert judged.measured == {"limit_s": 10, "limit_why": "ten will do", "seen_after_s": 4.5}


def test_what_is_not_seen_in_time_fails(clock: Clock) -> None:
    judged = watch(sight(seen_from(clock, 11)), since_s=SINCE_S, clock=clock)
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, "not seen within 10 s of the fault (ten will do)")
    assert clock.seconds == SINCE_S + 10


def test_the_budget_counts_from_the_fault_and_not_from_the_first_look(clock: Clock) -> None:
    clock.seconds += 8
    assert watch(sight(seen_from(clock, 11)), since_s=SINCE_S, clock=clock).verdict is Verdict.FAIL
    assert clock.seconds == SINCE_S + 10


def test_what_is_there_at_the_first_look_may_have_been_there_in_time(clock: Clock) -> None:
    clock.seconds += 12
    judged = watch(sight(seen_from(clock, 3)), since_s=SINCE_S, clock=clock)
    assert (judged.verdict, judged.measured["seen_after_s"]) == (Verdict.PASS, 12)


def test_where_nobody_answers_nobody_has_looked(clock: Clock) -> None:
    def ask() -> bool:
        raise NoAnswer("timed out")

    judged = watch(sight(ask), since_s=SINCE_S, clock=clock)
    assert (judged.verdict, judged.reason) == (
        Verdict.INCONCLUSIVE,
        "nobody answered who could tell of another leader",
    )


def test_one_answer_is_enough_to_have_looked(clock: Clock) -> None:
    answers = iter([False])

    def ask() -> bool:
        for answer in answers:
            return answer
        raise NoAnswer("timed out")

    assert watch(sight(ask), since_s=SINCE_S, clock=clock).verdict is Verdict.FAIL
