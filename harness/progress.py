"""Progress of long work: what is being done, for how long, and about how much longer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text


class Progress(Protocol):
    """Whoever does long work tells it here."""

    def step(self, what: str, *, expected_s: float) -> AbstractContextManager[None]:
        """Open a step: `what` is done inside the `with` block and takes about `expected_s` seconds."""

    def note(self, text: str) -> None:
        """Say one line that stays on the screen."""


class _Ticker:
    """A line that redraws itself with elapsed and remaining seconds."""

    def __init__(self, what: str, expected_s: float) -> None:
        self.what, self.expected_s, self.started_s = what, expected_s, time.monotonic()

    def __rich__(self) -> Text:
        elapsed_s = time.monotonic() - self.started_s
        remaining_s = self.expected_s - elapsed_s
        left = f"about {remaining_s:.0f} s left" if remaining_s > 0.5 else "longer than usual"
        return Text(f"  … {self.what}  {elapsed_s:.0f} s, {left}")


class TerminalProgress:
    """Progress for people and for logs: live lines on a terminal, one line per finished step elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)

    @contextmanager
    def step(self, what: str, *, expected_s: float) -> Iterator[None]:
        ticker = _Ticker(what, expected_s)
        if not self._console.is_terminal and expected_s > 5:
            self._console.print(f"  … {what} (about {expected_s:.0f} s)")
        try:
            with (
                Live(
                    ticker,
                    console=self._console,
                    refresh_per_second=4,
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                if self._console.is_terminal
                else nullcontext()
            ):
                yield
        except BaseException:
            self._console.print(f"  ✗ {what}  {time.monotonic() - ticker.started_s:.1f} s", style="red")
            raise
        self._console.print(f"  ✓ {what}  {time.monotonic() - ticker.started_s:.1f} s", style="green")

    def note(self, text: str) -> None:
        self._console.print(f"    {text}")
