"""The brain: whole courses on simulated engines, in virtual time."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.brain import Brain
from harness.measuring import pace
from harness.measuring.frames import Frame
from harness.measuring.knee import Outcome
from harness.measuring.plan import FindKnee, Hold, Plan, Profile, Purpose
from harness.measuring.traffic import Traffic
from harness.measuring.usage import MachineSample, Observed
from harness.runclock import NS_PER_S, RunClock
from harness.verdict import Inconclusive, Verdict
from harness.waiting import waiting_on
from tests.load.samples import SIZING, constant, replicas

KNEE = FindKnee(from_records_per_s=1000, most_records_per_s=16_000, warm_up_s=20)


class Simulation:
    """One producer and one consumer, a cluster of fixed capacity, and the clock that all of them live on."""

    def __init__(self, folder: Path, *, capacity: int, generator_hz: int = 1_000_000) -> None:
        self.folder, self.capacity, self.generator_hz = folder, capacity, generator_hz
        self.time_ns = 1000 * NS_PER_S
        self.told_ns = self.time_ns
        self.backlog = self.due = self.sent = 0
        self.observed = Observed(pods={})
        self.dead_after_s = 1e9

    def now_s(self) -> float:
        return self.time_ns / NS_PER_S

    def pause_s(self, duration_s: float) -> None:
        self.time_ns += max(1, round(duration_s * NS_PER_S))

    def new_frames(self) -> Iterator[Frame]:
        """Give the frames of each second that is over; a frame is written half a second after it."""
        while self.told_ns + 3 * NS_PER_S // 2 <= self.time_ns and self.now_s() < 1000 + self.dead_after_s:
            yield from self._second(self.told_ns)
            self.told_ns += NS_PER_S
            time_s = self.told_ns / NS_PER_S - 1000
            self.observed.machine.append(
                MachineSample(time_s=time_s, idle_ticks=self.told_ns // NS_PER_S, total_ticks=0)
            )
            self.observed.replicas.append(replace(replicas()[0], time_s=time_s))

    def _second(self, started_ns: int) -> Iterator[Frame]:
        self.due = pace.read(self.folder).due_by(started_ns + NS_PER_S - 1)
        sent = min(self.due - self.sent, self.generator_hz)
        self.sent += sent
        lateness_ms = 1000.0 if self.due > self.sent else 1.0
        acknowledged = min(self.backlog + sent, self.capacity)
        self.backlog += sent - acknowledged
        latency_ms = 10 + 1000 * self.backlog / self.capacity
        yield Frame(
            engine="producer-0",
            started_ns=started_ns,
            sent=sent,
            acknowledged=acknowledged,
            acknowledged_bytes=1024 * acknowledged,
            lateness=constant(lateness_ms, count=sent),
            latency=constant(latency_ms, count=acknowledged),
        )
        yield Frame(
            engine="consumer-0",
            started_ns=started_ns,
            consumed=acknowledged,
            end_to_end=constant(latency_ms + 5, count=acknowledged),
        )


def brain(simulation: Simulation, plan: Plan, *, most_records: int = 10**9) -> Brain:
    return Brain(
        profile=Profile(
            name="simulated",
            what="It is simulated.",
            traffic=Traffic(),
            plan=plan,
            objectives=SIZING.objectives,
            generator=SIZING.generator,
        ),
        folder=simulation.folder,
        clock=RunClock(1000 * NS_PER_S),
        observed=simulation.observed,
        documented=None,
        new_frames=simulation.new_frames,
        has_ended=lambda: False,
        most_records=most_records,
        now_ns=lambda: simulation.time_ns,
    )


def run(simulation: Simulation, plan: Plan) -> tuple[Brain, Outcome]:
    made = brain(simulation, plan)
    with waiting_on(simulation):
        return made, made.run()


def test_the_knee_of_a_simulated_cluster_is_found_in_about_six_minutes(tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, capacity=4500)
    made, outcome = run(simulation, KNEE)
    assert outcome.verdict is Verdict.PASS, [(t.step, t.judged.reason) for t in made.tried]
    assert outcome.carried_hz is not None
    assert 4250 <= outcome.carried_hz <= 4510
    assert simulation.now_s() - 1000 < 390
    assert pace.is_finished(tmp_path)


def test_an_overloaded_trial_is_given_up_early_and_its_backlog_worked_off(tmp_path: Path) -> None:
    made, _ = run(Simulation(tmp_path, capacity=1200), KNEE)
    lost = [tried for tried in made.tried if tried.judged.verdict is Verdict.FAIL and tried.step.rate_hz == 2000]
    assert lost
    assert lost[0].judged.result.trial.judged_s < lost[0].step.seconds
    assert "given up after" in lost[0].judged.reason
    first = made.tried[made.tried.index(lost[0]) + 1].judged.result.seconds[0]
    assert first.backlog == max(0, first.sent - 1200), "only what this second itself could not carry"


def test_a_generator_that_cannot_send_is_not_the_cluster_s_knee(tmp_path: Path) -> None:
    made, outcome = run(Simulation(tmp_path, capacity=50_000, generator_hz=3000), KNEE)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert not outcome.repeats
    assert any("generator-bound" in tried.judged.reason for tried in made.tried)


@pytest.fixture
def tracing() -> Iterator[None]:
    """Let memory be traced; what is made once is made before."""
    tracemalloc.start(1)
    yield
    tracemalloc.stop()


def kept_bytes(folder: Path, *, seconds: int) -> int:
    """Return how much memory is taken by a load that was held for so long, when it is over."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    simulation = Simulation(folder, capacity=2000)
    whole = run(simulation, Hold(records_per_s=1000, warm_up_s=5, measured_s=seconds))
    gc.collect()
    assert whole[1].verdict is Verdict.PASS
    return tracemalloc.get_traced_memory()[0] - before


@pytest.mark.usefixtures("tracing")
def test_a_second_of_a_load_leaves_a_kilobyte_behind_and_no_histogram(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "short", "long")]
    for folder in folders:
        folder.mkdir()
    kept_bytes(folders[0], seconds=10)
    short, long = kept_bytes(folders[1], seconds=40), kept_bytes(folders[2], seconds=140)
    assert 0 < (long - short) / 100 < 2_000, "a whole frame takes far more than that"


@pytest.mark.parametrize(("capacity", "verdict"), [(2000, Verdict.PASS), (900, Verdict.FAIL)])
def test_a_rate_is_held(tmp_path: Path, capacity: int, verdict: Verdict) -> None:
    made, outcome = run(Simulation(tmp_path, capacity=capacity), Hold(records_per_s=1000, warm_up_s=5, measured_s=20))
    assert outcome.verdict is verdict
    assert [tried.step.purpose for tried in made.tried] == [Purpose.WARM_UP, Purpose.HOLD]
    if verdict is Verdict.PASS:
        assert made.tried[-1].judged.result.total.acknowledged == 20_000


def test_a_trial_stays_open_for_what_belongs_to_it(tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, capacity=2000)
    made = brain(simulation, Hold(records_per_s=1000, warm_up_s=5, measured_s=10))
    made.may_end = lambda: simulation.now_s() > 1060
    with waiting_on(simulation):
        assert made.run().verdict is Verdict.PASS
    assert made.tried[-1].judged.result.trial.judged_s > 45


def test_engines_that_fall_silent_end_the_load_and_conclude_nothing(tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, capacity=2000)
    simulation.dead_after_s = 20
    with pytest.raises(Inconclusive, match="news of every engine did not happen within"):
        run(simulation, KNEE)
    assert pace.is_finished(tmp_path)


def test_engines_that_never_begin_conclude_nothing(tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, capacity=2000)
    simulation.dead_after_s = 0
    with pytest.raises(Inconclusive, match="every engine at work"):
        run(simulation, KNEE)


def test_the_disk_budget_is_kept(tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, capacity=4500)
    made = brain(simulation, KNEE, most_records=50_000)
    with waiting_on(simulation), pytest.raises(Inconclusive, match="the disk has room for no more"):
        made.run()
    assert pace.is_finished(tmp_path)
