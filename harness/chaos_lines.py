"""Chaos lines: which fault strikes whom, how it went, and about how much longer it takes."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from harness.chaos_families import Selected
from harness.outcome import Outcome
from harness.report.figures import duration
from harness.report.words import STYLES, VERDICTS
from harness.schedule import Schedule
from harness.spells import Missed
from harness.underway import Struck
from harness.verdict import Verdict

SHOWN = 90


class ChaosLines:
    """A line for each fault that is over and each schedule that was tried; on a terminal one for what is under way."""

    def __init__(self, console: Console, *, is_rehearsal: bool) -> None:
        self._console, self._is_rehearsal, self._is_quiet = console, is_rehearsal, False
        self._left_s: Callable[[], float] | None = None
        self._live = Live(self, console=console, refresh_per_second=2, transient=True) if console.is_terminal else None
        self._under_way: dict[str, Struck] = {}
        self._faults, self._schedules = 0, 0

    def __enter__(self) -> ChaosLines:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __rich__(self) -> Text:
        done = f"{self._schedules} schedules tried" if self._schedules else f"{self._faults} faults over"
        under_way = ", ".join(f"{one.step.what} on {_whom(one)}" for one in self._under_way.values())
        return Text(f"  … {under_way or 'traffic alone'}  ({done}{self._left()})", overflow="ellipsis", no_wrap=True)

    def _left(self) -> str:
        return "" if self._left_s is None else f", about {duration(max(0.0, self._left_s()))} left"

    def families(self, selected: Selected) -> None:
        """Say which families of faults there are, and which are left out."""
        self._console.print(f"  {len(selected.known)} families of faults: {', '.join(selected.known)}", markup=False)
        if selected.left_out:
            self._console.print(f"  left out, not on this cluster: {', '.join(selected.left_out)}", markup=False)

    def expect(self, what: str, left_s: Callable[[], float] | None, *, tries: bool) -> None:
        """Say what is done; of the many quick tries of a rehearsal only those that fail are told."""
        self._is_quiet = tries and self._is_rehearsal
        self._console.print(f"  … {what}", markup=False)
        self._left_s = left_s

    def begun(self, struck: Struck) -> None:
        self._under_way[str(struck.step)] = struck

    def over(self, struck: Struck) -> None:
        self._faults += 1
        self._under_way.pop(str(struck.step), None)
        if self._is_quiet:
            return
        verdict = Verdict.INCONCLUSIVE if struck.proven_s is None else Verdict.PASS
        sign, style = VERDICTS[verdict].sign, STYLES[verdict]
        line = Text.assemble((f"  {sign} ", style), f"{struck.step}  {_whom(struck)}  ")
        line.append(f"{_went(struck)}{self._left()}", style="dim")
        self._console.print(line)

    def missed(self, missed: Missed) -> None:
        if not self._is_quiet:
            why = "left out, unsupported here" if missed.is_unsupported else "not carried out"
            self._console.print(Text(f"  – {missed.step}  {why}: {shortened(missed.why)}", style="yellow"))

    def failed(self, outcome: Outcome) -> None:
        self._console.print(Text(f"  NOT HELD: {outcome.reason}", style="bold red"))

    def tried(self, schedule: Schedule, outcome: Outcome) -> None:
        self._schedules += 1
        if not self._is_quiet or outcome.verdict is Verdict.FAIL:
            sign, style = VERDICTS[outcome.verdict].sign, STYLES[outcome.verdict]
            said = f"  {shortened(outcome.reason)}" if outcome.reason and schedule.steps else ""
            self._console.print(Text.assemble((f"  {sign} {self._schedules:3} ", style), f"{schedule}{said}"))


def _whom(struck: Struck) -> str:
    return shortened(", ".join(struck.victims or struck.targets))


def _went(struck: Struck) -> str:
    if struck.proven_s is None:
        return f"nothing proves it within {struck.hopeless_s - struck.injected_s:.0f} s"
    proven = f"proven after {struck.proven_s - struck.injected_s:.1f} s"
    if struck.healed_s is None:
        return proven
    return f"{proven}, healed after {struck.healed_s - struck.injected_s:.1f} s"


def shortened(text: str) -> str:
    """Return a text on one line that is not too long for a screen; all of it is in the report."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
