"""Schedules: every slot has its moment, none is skipped, none comes early, and an hour of them does not drift."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measuring.schedule import Schedule
from harness.runclock import NS_PER_S

SCHEDULES = st.builds(
    Schedule,
    started_ns=st.integers(0, 10**15),
    rate_hz=st.integers(1, 100_000).map(float) | st.floats(0.01, 1000),
    duration_s=st.integers(1, 3600).map(float),
)


@given(SCHEDULES, st.integers(-(10**9), 10**12))
def test_exactly_those_slots_are_due_whose_moment_has_come(schedule: Schedule, elapsed_ns: int) -> None:
    now_ns = schedule.started_ns + elapsed_ns
    due = schedule.due_by(now_ns)
    assert due == 0 or schedule.intended_ns(due - 1) <= now_ns
    assert due == schedule.total or schedule.intended_ns(due) > now_ns


@given(SCHEDULES)
def test_all_slots_lie_within_the_duration(schedule: Schedule) -> None:
    assert schedule.intended_ns(0) == schedule.started_ns
    if schedule.total:
        assert schedule.intended_ns(schedule.total - 1) < schedule.started_ns + schedule.duration_s * NS_PER_S


def test_an_hour_does_not_drift() -> None:
    schedule = Schedule(started_ns=0, rate_hz=3000, duration_s=3600)
    assert schedule.total == 3000 * 3600
    assert schedule.intended_ns(3000 * 3599) == 3599 * NS_PER_S


@pytest.mark.parametrize(("rate_hz", "duration_s"), [(0, 1), (-1, 1), (1, 0)])
def test_an_impossible_schedule_is_refused(rate_hz: float, duration_s: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Schedule(started_ns=0, rate_hz=rate_hz, duration_s=duration_s)
