"""Live lines: which clause runs, for how long, and how each one ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console
from rich.live import Live
from rich.text import Text

from harness.certificate import ClauseResult
from harness.claims import Claim
from harness.report.words import STYLES, VERDICTS


class _Running:
    """The line of the clause that runs now; it redraws itself."""

    def __init__(self, claim: Claim, *, place: str) -> None:
        self._claim, self._place, self._started_s = claim, place, time.monotonic()

    def __rich__(self) -> Text:
        elapsed_s = time.monotonic() - self._started_s
        return Text(
            f"  … {self._claim.id}  {self._claim.sentence}  {elapsed_s:.0f} s  ({self._place})", overflow="ellipsis"
        )


class LiveLines:
    """One line per clause: while it runs (on a terminal), and when it is done."""

    def __init__(self, console: Console) -> None:
        self._console, self._total, self._done = console, 0, 0
        self._started_s = time.monotonic()

    def expect(self, total: int) -> None:
        """Take note of how many clauses there are."""
        self._total, self._started_s = total, time.monotonic()

    @contextmanager
    def running(self, claim: Claim) -> Iterator[None]:
        if not self._console.is_terminal:
            with nullcontext():
                yield
            return
        line = _Running(claim, place=self._place())
        with Live(line, console=self._console, refresh_per_second=2, transient=True):
            yield

    def _place(self) -> str:
        place = f"{self._done + 1} of {self._total}"
        if self._done < 3:
            return place
        left_s = (time.monotonic() - self._started_s) / self._done * (self._total - self._done)
        return f"{place}, about {left_s / 60:.0f} min left"

    def done(self, result: ClauseResult) -> None:
        """Say how a clause ended; the reason is said at once, nobody should wait for the end to see it."""
        self._done += 1
        sign, style = VERDICTS[result.verdict].sign, STYLES[result.verdict]
        line = Text.assemble((f"  {sign} {result.claim.id}", style), f"  {result.claim.sentence}  ")
        line.append(f"{result.duration_s:.1f} s", style="dim")
        self._console.print(line)
        if result.reason:
            self._console.print(Text(f"      {result.verdict.value}: {result.reason}", style=style))
