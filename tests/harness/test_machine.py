"""The watch over the machine: what it sees, and what is said of a stretch of a run."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from harness.machine_watch import Moments
from harness.measuring.machine import EVERY_S, Moment, Pace, moments_in, pace_of
from harness.observers import MachineObserver
from harness.runclock import RunClock


def at(time_s: float, *, busy: float = 0.5, work_ms: float = 1.0) -> Moment:
    return Moment(time_s=time_s, busy_ratio=busy, work_ms=work_ms)


STEADY = [at(2.0 * number) for number in range(1, 21)]


def test_a_steady_machine_has_no_slowdown() -> None:
    assert pace_of(STEADY, from_s=10.0, until_s=20.0) == Pace(busy_ratio=0.5, slowdown=1.0)


def test_a_slow_stretch_is_told_by_its_medians() -> None:
    slow = [at(41.0, busy=0.9, work_ms=1.4), at(43.0, busy=1.0, work_ms=1.5), at(45.0, busy=0.2, work_ms=9.0)]
    assert pace_of([*STEADY, *slow], from_s=40.5, until_s=44.0) == Pace(busy_ratio=0.9, slowdown=1.5)


def test_one_lucky_moment_is_not_what_others_are_measured_by() -> None:
    lucky = at(50.0, work_ms=0.1)
    assert pace_of([*STEADY, lucky], from_s=10.0, until_s=20.0) == Pace(busy_ratio=0.5, slowdown=1.0)


def test_a_short_clause_is_told_by_the_first_moment_after_it() -> None:
    assert pace_of(STEADY, from_s=10.5, until_s=10.6) == Pace(busy_ratio=0.5, slowdown=1.0)


@pytest.mark.parametrize("moments", [[], STEADY])
def test_nothing_is_said_of_a_stretch_in_which_nobody_looked(moments: list[Moment]) -> None:
    assert pace_of(moments, from_s=100.0, until_s=110.0) is None


def test_moments_are_read_back_from_a_certificate() -> None:
    environment = {"machine": {"cpus": 2, "samples": [moment.as_json() for moment in STEADY]}}
    assert moments_in(environment) == tuple(STEADY)


@pytest.mark.parametrize("environment", [{}, {"machine": {"cpus": 2}}])
def test_a_certificate_of_a_machine_that_nobody_watched_has_none(environment: dict[str, object]) -> None:
    assert moments_in(environment) == ()


class Machine(RunClock):
    """A clock, and a /proc/stat whose counters go on each time that the watch asks for the time."""

    def __init__(self, path: Path, *, busy: int, idle: int) -> None:
        super().__init__(started_ns=0)
        self.path, self.looked = path, threading.Event()
        self._busy, self._idle, self._looks = busy, idle, 0
        self._go_on()

    def now_s(self) -> float:
        self._looks += 1
        self._go_on()
        if self._looks == 5:
            self.looked.set()
        return self._looks * EVERY_S

    def _go_on(self) -> None:
        user, idle = 1000 + self._busy * self._looks, 1000 + self._idle * self._looks
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"cpu  {user} 0 0 {idle} 0 0 0 0 0 0\n", encoding="ascii")
        fresh.replace(self.path)


def watched(machine: Machine) -> list[Moment]:
    seen: list[Moment] = []
    with MachineObserver(clock=machine, sink=Moments(seen), stat=machine.path, every_s=0.001):
        assert machine.looked.wait(timeout=10)
    return seen


def test_the_watch_sees_how_busy_the_machine_is(tmp_path: Path) -> None:
    seen = watched(Machine(tmp_path / "stat", busy=30, idle=10))
    assert [moment.busy_ratio for moment in seen[:3]] == [0.75, 0.75, 0.75]
    assert [moment.time_s for moment in seen[:3]] == [4.0, 6.0, 8.0]
    assert all(moment.work_ms > 0 for moment in seen)


def test_counters_that_stand_still_are_no_moment(tmp_path: Path) -> None:
    assert watched(Machine(tmp_path / "stat", busy=0, idle=0)) == []


def test_a_count_of_waiting_that_goes_back_is_a_machine_in_full_use(tmp_path: Path) -> None:
    assert {moment.busy_ratio for moment in watched(Machine(tmp_path / "stat", busy=30, idle=-1))} == {1.0}


def test_a_machine_that_does_not_say_is_not_watched(tmp_path: Path) -> None:
    seen: list[Moment] = []
    with MachineObserver(clock=RunClock(), sink=Moments(seen), stat=tmp_path / "nothing", every_s=0.001):
        pass
    assert seen == []
