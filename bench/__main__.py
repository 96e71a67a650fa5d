"""`tox -e bench`: print what takes how long, each group of figures by its name; numbers here are never asserted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench import cycles, judging, measuring, mutations, pacing
from harness.claims import Level
from harness.document import DEFAULT_PATH
from harness.errors import ExitCode
from harness.launch import ROOT, Request, launch, testbed_in_use
from harness.progress import TerminalProgress


def request() -> Request:
    """Ask for the documented cluster on the testbed."""
    return Request(
        level=Level.CERTIFY,
        kubeconfig=None,
        context=None,
        namespace="greenfield",
        manifests=None,
        document=DEFAULT_PATH,
        reuse=False,
        keep=False,
        seed=secrets.randbelow(2**31),
        reports=ROOT / "reports",
        keyword=None,
        stop_first=False,
        last_failed=False,
    )


def measured(module: str, *arguments: str, result: str) -> Any:
    """Let a module measure on a freshly deployed cluster, and return the figures that it leaves."""

    def work(_: object, settings_file: Path) -> list[str]:
        return [module, str(settings_file), *arguments]

    code, folder = launch(request(), work=work, progress=TerminalProgress())
    if code is not ExitCode.CERTIFIED:
        raise SystemExit(int(code))
    return json.loads((folder / result).read_text(encoding="utf-8"))


def measure(name: str, *, times: int) -> dict[str, list[float]]:
    """Measure one figure on a freshly deployed cluster."""
    figures: dict[str, list[float]] = measured("bench.measuring", name, str(times), result=measuring.RESULT)
    return figures


def deployments(times: int) -> None:
    """Print how long a deployment takes; every time needs fresh volumes, so each is a run of its own."""
    with testbed_in_use(keep=False, progress=TerminalProgress()):
        runs = [measure("deployment", times=1) for _ in range(times)]
    figures = {name: [value for run in runs for value in run[name]] for name in runs[0]}
    measuring.show(figures, console=Console())


def windows(times: int) -> None:
    """Print the windows without acknowledgements of each fault."""
    with testbed_in_use(keep=False, progress=TerminalProgress()):
        measuring.show(measure("windows", times=times), console=Console())


def rates(_: int) -> None:
    """Print how exactly an engine keeps several rates, a minute each."""
    with testbed_in_use(keep=False, progress=TerminalProgress()):
        pacing.show(measured("bench.pacing", result=pacing.RESULT), console=Console())


def broken_histories(_: int) -> None:
    """Print what becomes of broken histories; one that is neither judged nor refused is an error."""
    if mutations.run():
        raise SystemExit(int(ExitCode.HARNESS))


GROUPS: Mapping[str, Callable[[int], None]] = {
    "judging": lambda _: judging.main(),
    "cycles": lambda _: cycles.main(),
    "mutations": broken_histories,
    "deployment": deployments,
    "windows": windows,
    "rates": rates,
}
"""The groups of figures; the last three need the testbed and an otherwise quiet machine."""


@click.command()
@click.option("--times", default=5, show_default=True, help="How often each figure of the testbed is measured.")
@click.option("--only", type=click.Choice(list(GROUPS)), multiple=True, help="Only these groups of figures.")
def main(times: int, only: tuple[str, ...]) -> None:
    """Measure the judge, the deployment and what clients feel, and print the figures."""
    for name, group in GROUPS.items():
        if not only or name in only:
            group(times)


main()
