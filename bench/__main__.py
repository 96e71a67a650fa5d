"""`tox -e bench`: print what takes how long, each group of figures by its name; numbers here are never asserted."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

import testbed
from bench import cycles, judging, kills, measuring, mutations, pacing, windows
from bench.windows import EVENTS, Figures
from harness.claims import Level
from harness.errors import ExitCode
from harness.exits import EndsPlainly
from harness.families import catalogue
from harness.launch import ROOT, Request, launch, testbed_in_use
from harness.progress import TerminalProgress


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How often each figure of the testbed is wanted, of which events, and inside faults of which families."""

    times: int
    events: tuple[str, ...]
    families: tuple[str, ...]


def request(*, keep: bool) -> Request:
    """Ask for the documented cluster on the testbed."""
    return Request(level=Level.CERTIFY, keep=keep, seed=secrets.randbelow(2**31), reports=ROOT / "reports")


def measured(module: str, *arguments: str, result: str, keep: bool = False) -> Any:
    """Let a module measure on a freshly deployed cluster, and return the figures that it leaves."""

    def work(_: object, settings_file: Path) -> list[str]:
        return [module, str(settings_file), *arguments]

    code, folder = launch(request(keep=keep), work=work, progress=TerminalProgress())
    if code is not ExitCode.CERTIFIED:
        raise SystemExit(int(code))
    return json.loads((folder / result).read_text(encoding="utf-8"))


def deployments(asked: Asked) -> None:
    """Print how long a deployment takes; every time needs fresh volumes, so each is a run of its own."""
    figures: dict[str, list[float]] = defaultdict(list)
    with testbed_in_use(keep=False, progress=TerminalProgress()):
        for _ in range(asked.times):
            found = measured("bench.measuring", result=measuring.RESULT)
            for name, values in found.items():
                figures[name] += values
    measuring.show(figures, console=Console())


def outages(asked: Asked) -> None:
    """Print the windows of each service under each fault."""
    with testbed_in_use(keep=False, progress=TerminalProgress()):
        found = measured("bench.windows", str(asked.times), *asked.events, result=windows.RESULT)
    windows.show(Figures.of(found), console=Console())


def kills_inside_faults(asked: Asked) -> None:
    """Print whether anything is left of faults in which the harness was killed; something left is an error."""
    console, progress, seed = Console(), TerminalProgress(), secrets.randbelow(2**31)
    did_run = testbed.running() is not None
    try:
        # Each of the runs that are killed takes the machine's lock, so it is not held here.
        measured("bench.measuring", result=measuring.RESULT, keep=True)
        console.print(f"seed {seed}")
        found = kills.measure(asked.families, times=asked.times, seed=seed, console=console)
    finally:
        if not did_run:
            testbed.down(progress=progress)
    kills.show(found, console=console)
    if any(kill.said is kills.Said.NOT_CLEAN for kill in found):
        raise SystemExit(int(ExitCode.NOT_CERTIFIED))


def rates(_: Asked) -> None:
    """Print how exactly an engine keeps several rates, a minute each."""
    with testbed_in_use(keep=False, progress=TerminalProgress()):
        pacing.show(measured("bench.pacing", result=pacing.RESULT), console=Console())


def broken_histories(_: Asked) -> None:
    """Print what becomes of broken histories; one that is neither judged nor refused is an error."""
    if mutations.run():
        raise SystemExit(int(ExitCode.HARNESS))


GROUPS: Mapping[str, Callable[[Asked], None]] = {
    "judging": lambda _: judging.main(),
    "cycles": lambda _: cycles.main(),
    "mutations": broken_histories,
    "deployment": deployments,
    "windows": outages,
    "rates": rates,
    "kills": kills_inside_faults,
}
"""The groups of figures; the last four need the testbed and an otherwise quiet machine."""


@click.command(cls=EndsPlainly)
@click.option("--times", default=10, show_default=True, help="How often each figure of the testbed is measured.")
@click.option("--only", type=click.Choice(list(GROUPS)), multiple=True, help="Only these groups of figures.")
@click.option("--event", type=click.Choice(list(EVENTS)), multiple=True, help="Only the windows of these events.")
@click.option("--family", type=click.Choice(list(catalogue())), multiple=True, help="Only kills inside these faults.")
def main(times: int, only: tuple[str, ...], event: tuple[str, ...], family: tuple[str, ...]) -> None:
    """Measure the judge, the deployment and what clients feel, and print the figures."""
    asked = Asked(times=times, events=event or tuple(EVENTS), families=family or tuple(catalogue()))
    for name, group in GROUPS.items():
        if not only or name in only:
            group(asked)


main()
