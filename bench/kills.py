"""Kills: the harness ends by signal 9 in the midst of faults of all families, and `harness heal` must leave nothing.

Everything is done as a user does it: `harness chaos` on a cluster that runs, a kill of all its processes at a random
moment, for every other kill the loss of its report, and `harness heal` until it is not kept out by the dead run's
lease. A fault that was over when the kill came, or that the cluster cannot do, has shown nothing and is not counted.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from random import Random
from typing import IO

from rich.console import Console
from rich.table import Table

from harness.errors import ExitCode
from harness.families import Family, catalogue
from harness.fault_journal import FILE
from harness.fault_lines import FaultLine, lines_of, merged
from harness.launch import ROOT
from harness.waiting import TimedOut, wait_until

LATEST_S = 12.0
"""After a fault was written down, the kill comes within this time: while it is injected, proven, or lasts."""
LASTS_S = 20.0
BEGIN_BUDGET_S = 120.0
LEASE_BUDGET_S = 60.0


class Said(Enum):
    """What came of one kill."""

    CLEAN = "clean"
    NOT_CLEAN = "not clean"
    NOTHING_OPEN = "no fault was open"


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One kill: in which fault, how long after it was written down, and what healing said."""

    step: str
    after_s: float
    had_report: bool
    said: Said
    healed_s: float
    last_line: str


def measure(families: Sequence[str], *, times: int, seed: int, console: Console) -> list[Kill]:
    """Kill the harness so many times inside open faults on the cluster that runs; one line is printed for each."""
    random, kills = Random(seed), list[Kill]()
    for number, family in enumerate(_families(families, random)):
        if sum(kill.said is not Said.NOTHING_OPEN for kill in kills) == times or number >= 3 * times:
            return kills
        kill = _killed(family, random, has_report=number % 2 == 0)
        kills.append(kill)
        report = "" if kill.had_report else ", its report lost"
        console.print(f"{number + 1:3} {kill.step} killed after {kill.after_s:.1f} s{report}: {kill.said.value}")
        if kill.said is not Said.CLEAN:
            console.print(f"    {kill.last_line}", markup=False)
    return kills


def _families(names: Sequence[str], random: Random) -> Iterator[Family]:
    """Give the families of these names again and again, each round in an order of its own."""
    wanted = [catalogue()[name] for name in names]
    while True:
        random.shuffle(wanted)
        yield from wanted


def _step(family: Family, random: Random) -> str:
    victim = f":{random.choice(family.victims)}" if family.victims else ""
    lasts_s = min(max(LASTS_S, family.lasts.least_s), family.lasts.most_s) if family.lasts else 0
    return f"{family.name}{victim}@after0.5{f'+{lasts_s:g}' if lasts_s else ''}"


def _killed(family: Family, random: Random, *, has_report: bool) -> Kill:
    step, after_s = _step(family, random), random.uniform(0, LATEST_S)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        reports = Path(name)
        with (reports / "output").open("w+", encoding="utf-8") as output:
            child = _harness("chaos", "--reuse", "--schedule", step, "--shrink", "0s", reports=reports, output=output)
            try:
                is_open = _await_fault(child, reports, after_s)
            finally:
                _kill_all(child)
            output.seek(0)
            tail = " / ".join(output.read().splitlines()[-3:])
        if not has_report:
            for journal in reports.glob(f"*/{FILE}"):
                shutil.rmtree(journal.parent)
        begun_s = time.monotonic()
        code, last = _heal(reports)
    said = Said.NOTHING_OPEN if not is_open else Said.CLEAN if code == ExitCode.CERTIFIED else Said.NOT_CLEAN
    return Kill(
        step=step,
        after_s=after_s,
        had_report=has_report,
        said=said,
        healed_s=time.monotonic() - begun_s,
        last_line=tail if said is Said.NOTHING_OPEN and code == ExitCode.CERTIFIED else last,
    )


def _await_fault(child: subprocess.Popen[str], reports: Path, after_s: float) -> bool:
    """Wait until a fault is written down and its moment has come; return whether it is open then."""
    try:
        wait_until(
            lambda: bool(_lines(reports)) or child.poll() is not None,
            what="a fault",
            timeout_s=BEGIN_BUDGET_S,
            every_s=0.05,
        )
    except TimedOut:
        return False
    until_s = time.monotonic() + after_s
    wait_until(lambda: time.monotonic() >= until_s, what="the moment", timeout_s=after_s + 5, every_s=0.02)
    return child.poll() is None and any(line.is_open for line in _lines(reports))


def _lines(reports: Path) -> Sequence[FaultLine]:
    found = list(reports.glob(f"*/{FILE}"))
    return merged(lines_of(found[0].read_text(encoding="utf-8"))) if found else ()


def _heal(reports: Path) -> tuple[int, str]:
    """Heal as soon as the lease of the dead run is over; return the exit code and the last line."""
    said: list[tuple[int, str]] = []

    def is_let_in() -> bool:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            code = _harness("heal", reports=reports, output=output).wait()
            output.seek(0)
            said.append((code, "".join(output.read().splitlines()[-1:])))
        return code != ExitCode.USAGE

    with suppress(TimedOut):  # who was never let in has not healed
        wait_until(is_let_in, what="being let in", timeout_s=LEASE_BUDGET_S, every_s=1)
    return said[-1]


def _harness(*words: str, reports: Path, output: IO[str]) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "harness", *words, "--reports", str(reports)]
    return subprocess.Popen(argv, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, text=True)


def _kill_all(child: subprocess.Popen[str]) -> None:
    """Kill a process and all that came of it, parents first: nobody is left to clean up."""
    for pid in [child.pid, *_below(child.pid)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    child.wait()


def _below(pid: int) -> list[int]:
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [one for child in children for one in (child, *_below(child))]


def show(kills: Sequence[Kill], *, console: Console) -> None:
    """Print how many kills were healed without a trace, by whether the report was there."""
    table = Table("report", "killed inside a fault", "clean", "median s", "longest s")
    for had_report, what in ((True, "there"), (False, "lost")):
        inside = [kill for kill in kills if kill.had_report is had_report and kill.said is not Said.NOTHING_OPEN]
        took = [kill.healed_s for kill in inside]
        numbers = (f"{statistics.median(took):.0f}", f"{max(took):.0f}") if took else ("–", "–")
        clean = sum(kill.said is Said.CLEAN for kill in inside)
        table.add_row(what, str(len(inside)), str(clean), *numbers)
    console.print(table)
    struck = {kill.step.split("@")[0].split(":")[0] for kill in kills if kill.said is not Said.NOTHING_OPEN}
    missed = sorted(set(catalogue()) - struck)
    console.print(f"families: {len(struck)}; never inside one of: {', '.join(missed) or 'none'}")
