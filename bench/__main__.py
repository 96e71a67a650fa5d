"""`tox -e bench`: on the testbed, print medians of several runs; numbers here are never asserted in a test."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click
from rich.console import Console

from bench import measuring
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


def measure(name: str, *, times: int) -> dict[str, list[float]]:
    """Measure one figure on a freshly deployed cluster."""

    def work(_: object, settings_file: Path) -> list[str]:
        return ["bench.measuring", str(settings_file), name, str(times)]

    code, folder = launch(request(), work=work, progress=TerminalProgress())
    if code is not ExitCode.CERTIFIED:
        raise SystemExit(int(code))
    figures: dict[str, list[float]] = json.loads((folder / measuring.RESULT).read_text(encoding="utf-8"))
    return figures


@click.command()
@click.option("--times", default=5, show_default=True, help="How often each figure is measured.")
@click.option("--only", type=click.Choice(["deployment", "windows"]), help="Only this group of figures.")
def main(times: int, only: str | None) -> None:
    """Measure the documented cluster on the testbed; run it on an otherwise quiet machine."""
    figures: dict[str, list[float]] = {}
    with testbed_in_use(keep=False, progress=TerminalProgress()):
        if only != "windows":
            runs = [measure("deployment", times=1) for _ in range(times)]
            figures |= {name: [value for run in runs for value in run[name]] for name in runs[0]}
        if only != "deployment":
            figures |= measure("windows", times=times)
    measuring.show(figures, console=Console())


main()
