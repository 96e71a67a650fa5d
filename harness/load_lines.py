"""Load lines: which trial is made now, at which rate, how it goes, and about how much longer the load takes."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.brain import Tried
from harness.checkers.load.resources import most_throttled
from harness.measuring.disk import OVERHEAD_S
from harness.measuring.knee import Next, trials_against
from harness.measuring.plan import Plan, Profile, Purpose
from harness.measuring.result import Recording
from harness.report.words import VERDICTS
from harness.verdict import Verdict


def expected_s(plan: Plan) -> float:
    """Return about how long a course takes: as against a cluster that carries what is tried first, twice over."""
    first_hz = getattr(plan, "from_records_per_s", 0.0)
    trials, _ = trials_against(
        plan, lambda step: Verdict.FAIL if first_hz and step.rate_hz > 4 * first_hz else Verdict.PASS
    )
    return sum(trial.seconds + OVERHEAD_S for trial in trials)


class LoadLines:
    """A line for each trial: it redraws itself on a terminal, and is printed when the next one begins elsewhere."""

    def __init__(self, profile: Profile, *, console: Console) -> None:
        self._console, self._expected_s = console, expected_s(profile.plan)
        self._live = Live(console=console, refresh_per_second=2, transient=True) if console.is_terminal else None
        self._number, self._last = 0, Text()
        self._begun_s: float | None = None

    def __enter__(self) -> LoadLines:
        minutes = self._expected_s / 60
        self._console.print(f"  … putting the load on (about {minutes:.0f} min)", markup=False)
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._number:
            self._console.print(self._last)

    def say(self, step: Next, recording: Recording) -> None:
        """Say how a trial goes; called once for each second of it."""
        if recording.number != self._number:
            if self._number:
                self._console.print(self._last)
            self._number = recording.number
        if not recording.seconds:
            return
        second = recording.seconds[-1]
        self._begun_s = second.time_s if self._begun_s is None else self._begun_s
        done = f"{second.consumed} read/s" if step.purpose is Purpose.DRAIN else f"{second.acknowledged} acknowledged/s"
        self._last = Text(f"    {recording.number:2}  {described(step)}  {done}")
        if second.produce_p99_ms is not None:
            self._last.append(f", p99 {second.produce_p99_ms:.0f} ms")
        if self._live is not None:
            left_s = max(0.0, self._expected_s - (second.time_s - self._begun_s))
            self._live.update(Text.assemble(self._last, f"  about {left_s:.0f} s left"))


def described(step: Next) -> str:
    """Say what a trial is for and at which rate."""
    return f"{step.purpose.value:8} {step.rate_hz:8.0f} records/s"


def table(tried: Iterable[Tried]) -> Table:
    """Return all trials as a table, what was seen of each."""
    shown = Table("", "trial", "records/s", "carried/s", "p99 ms", "end to end ms", "throttled", "why", box=None)
    for one in tried:
        result, judged = one.judged.result, one.judged
        seconds, total = len(result.measured), result.total
        is_judged = one.step.purpose is not Purpose.WARM_UP
        shown.add_row(
            VERDICTS[judged.verdict].sign if is_judged else "",
            one.step.purpose.value,
            f"{one.step.rate_hz:.0f}",
            f"{_carried(one) / seconds:.0f}" if seconds else "·",
            f"{total.latency.percentile_ms(99):.0f}" if total.latency.count else "·",
            f"{total.end_to_end.percentile_ms(99):.0f}" if total.end_to_end.count else "·",
            f"{most_throttled(result):.0%}",
            "" if judged.verdict is Verdict.PASS or not is_judged else judged.reason[:90],
        )
    return shown


def _carried(tried: Tried) -> int:
    total = tried.judged.result.total
    return total.consumed if tried.step.purpose is Purpose.DRAIN else total.acknowledged
