"""The brain of a load: it sets the pace, follows what the engines write, judges each trial, and decides the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from harness.checkers.load.resources import Documented, throttled_ratio
from harness.checkers.load.trial import Judged, judge, lost_already
from harness.measuring import pace
from harness.measuring.frames import Frame
from harness.measuring.knee import Next, Outcome, following
from harness.measuring.pace import Step
from harness.measuring.plan import Profile, Purpose
from harness.measuring.result import Collector, Recording, Second
from harness.measuring.steady import WINDOW_S, is_steady
from harness.measuring.usage import Observed
from harness.runclock import NS_PER_S, RunClock
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

LEAD_S = 0.5
"""A step begins this much in the future at the least, so that every engine has read of it by then."""
SETTLE_S = 2.0
"""After a step, before the judged part begins: the records that were under way belong to the rate before."""
SILENCE_S = 15.0
START_BUDGET_S = 40.0
EMPTY_BUDGET_S = 60.0
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One trial of a course, as it was judged; a warm-up is judged by nobody, so it has no judgement."""

    step: Next
    judged: Judged


@dataclass(kw_only=True)
class Brain:
    """Runs the course of one profile on engines that are being started.

    `new_frames` gives what the engines have written since the last call, `has_ended` says that they are gone.
    `may_end` holds a trial open beyond its length while something that belongs to it is still going on.
    """

    profile: Profile
    folder: Path
    clock: RunClock
    observed: Observed
    documented: Documented | None
    new_frames: Callable[[], Iterable[Frame]]
    has_ended: Callable[[], bool]
    most_records: int
    say: Callable[[Next, Recording], None] = lambda *_: None
    may_end: Callable[[], bool] = lambda: True
    now_ns: Callable[[], int] = time.monotonic_ns
    tried: list[Tried] = field(default_factory=list)
    seconds: list[Second] = field(default_factory=list)

    def __post_init__(self) -> None:
        traffic = self.profile.traffic
        self._collector = Collector(
            engines=traffic.producers + traffic.groups * traffic.consumers,
            groups=traffic.groups,
            clock_started_ns=self.clock.started_ns,
        )
        self._sent = 0

    def run(self) -> Outcome:
        """Make trial after trial until the course ends; the end of the load is told to the engines in any case."""
        try:
            self._await_engines()
            while True:
                step = following(self.profile.plan, (tried.judged.verdict for tried in self.tried))
                if isinstance(step, Outcome):
                    return step
                self._make(step)
        finally:
            pace.finish(self.folder)

    def _await_engines(self) -> None:
        self._next_seconds(what="every engine at work", timeout_s=START_BUDGET_S)

    def _make(self, step: Next) -> None:
        recording = self._begin(step)
        lost = ""
        while not lost and not self._is_over(step, recording):
            for second, frame in self._next_seconds(what="news of every engine", timeout_s=SILENCE_S):
                recording.take(second, frame)
            self.say(step, recording)
            if step.purpose not in (Purpose.WARM_UP, Purpose.DRAIN):
                lost = lost_already(recording, seconds=step.seconds, objectives=self.profile.objectives)
        result = recording.result(
            objectives=self.profile.objectives, limits=self.profile.generator, observed=self.observed
        )
        judged = judge(
            result,
            documented=self.documented,
            is_read=self.profile.traffic.groups > 0 and step.reads,
            stays_in_sync=self.profile.disturbance is None,
            lost=lost,
        )
        self.tried.append(Tried(step=step, judged=judged))
        if self.seconds[-1].backlog > step.rate_hz * self.profile.objectives.produce_p99_ms / 1000 or lost:
            self._pause()

    def _begin(self, step: Next) -> Recording:
        """Set the rate from the next full second of the engines on that all of them still hear of in time."""
        begun_ns = self._next_full_second()
        pace.append(self.folder, Step(from_ns=begun_ns, rate_hz=step.rate_hz, reads=step.reads))
        begun_s = (begun_ns - self.clock.started_ns) / NS_PER_S
        settle_s = 0.0 if step.purpose in (Purpose.WARM_UP, Purpose.DRAIN) else SETTLE_S
        return Recording(
            number=len(self.tried) + 1,
            purpose=step.purpose,
            rate_hz=step.rate_hz,
            begun_s=begun_s,
            from_s=begun_s + settle_s,
        )

    def _next_full_second(self) -> int:
        last_ns = self.clock.started_ns + round(self.seconds[-1].time_s * NS_PER_S)
        ahead_ns = self.now_ns() + int(LEAD_S * NS_PER_S) - last_ns
        return last_ns + max(0, -(-ahead_ns // NS_PER_S)) * NS_PER_S

    def _is_over(self, step: Next, recording: Recording) -> bool:
        if recording.judged_s < step.seconds:
            if step.purpose is Purpose.DRAIN:
                return bool(recording.seconds) and recording.seconds[-1].lag <= 0
            return step.purpose is Purpose.WARM_UP and self._is_steady(recording)
        return step.purpose is Purpose.WARM_UP or self.may_end()

    def _is_steady(self, recording: Recording) -> bool:
        """Say whether throughput and the CPU of every broker have stopped drifting since the warm-up began."""
        if not recording.seconds or not self.observed.pods:
            return False
        now_s = recording.seconds[-1].time_s
        curves = [[(second.time_s, float(second.acknowledged)) for second in recording.seconds]]
        for samples in self.observed.pods.values():
            recent = [sample for sample in samples if sample.time_s > recording.begun_s]
            curves.append([(b.time_s, (b.cpu_s - a.cpu_s) / (b.node_s - a.node_s)) for a, b in pairwise(recent)])
        return is_steady(curves, now_s=now_s) and not self._is_held_back(since_s=now_s - WINDOW_S)

    def _is_held_back(self, *, since_s: float) -> bool:
        """Say whether a broker was throttled lately: it still compiles its code, and steadily takes all it is given."""
        recent = {pod: [s for s in samples if s.time_s > since_s] for pod, samples in self.observed.pods.items()}
        most = self.profile.objectives.throttled_ratio / 2
        return any(throttled_ratio(samples) > most for samples in recent.values() if samples)

    def _pause(self) -> None:
        """Send nothing until nothing is waiting and all is read: the next trial must not pay for this one."""
        pace.append(self.folder, Step(from_ns=self._next_full_second(), rate_hz=0))
        until_s = self.seconds[-1].time_s + EMPTY_BUDGET_S
        while self.seconds[-1].backlog or self.seconds[-1].lag > 0 or self.seconds[-1].sent:
            if self.seconds[-1].time_s > until_s:
                raise Inconclusive(
                    f"{self.seconds[-1].backlog} records had no answer and {self.seconds[-1].lag} were not read "
                    f"{EMPTY_BUDGET_S:g} s after the load was paused"
                )
            self._next_seconds(what="news of every engine", timeout_s=SILENCE_S)

    def _next_seconds(self, *, what: str, timeout_s: float) -> tuple[tuple[Second, Frame], ...]:
        """Wait for at least one whole second of all engines."""
        found: list[tuple[Second, Frame]] = []

        def told() -> bool:
            found.extend(self._collector.add(self.new_frames()))
            if not found and self.has_ended():
                raise Inconclusive("the engines of the load ended before its end, see their log")
            return bool(found)

        try:
            wait_until(told, what=what, timeout_s=timeout_s, every_s=LOOK_EVERY_S)
        except TimedOut as late:
            raise Inconclusive(f"{late}") from late
        self.seconds.extend(second for second, _ in found)
        self._keep_the_budget(second for second, _ in found)
        return tuple(found)

    def _keep_the_budget(self, seconds: Iterable[Second]) -> None:
        self._sent += sum(second.sent for second in seconds)
        if self._sent > self.most_records:
            raise Inconclusive(f"the load was ended: {self._sent} records were sent, the disk has room for no more")
