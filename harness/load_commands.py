"""The commands that look at loads that are over: their page, and what differs between two of them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from harness import load_report
from harness.errors import ExitCode
from harness.launch import ROOT

REPORTS = click.option(
    "--reports",
    type=click.Path(path_type=Path),
    default=ROOT / "reports",
    help="Where runs are looked for by id.",
)


@click.command("report")
@click.argument("run")
@click.option("--against", metavar="RUN", help="The load run to compare with on the page.")
@REPORTS
def make_report(run: str, against: str | None, reports: Path) -> int:
    """Make the page and the exports of a load RUN (its id, or its folder) again."""
    earlier = load_report.find(against, reports=reports) if against is not None else None
    click.echo(str(load_report.make(load_report.find(run, reports=reports), against=earlier)))
    return int(ExitCode.CERTIFIED)


@click.command("diff")
@click.argument("before")
@click.argument("after")
@REPORTS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff_loads(before: str, after: str, reports: Path, as_json: bool) -> int:
    """Compare the load run AFTER with BEFORE (ids or folders): what differs by more than noise.

    Exit codes: 0 nothing became worse, 1 something did, 2 cannot tell.
    """
    found = load_report.diff(*(load_report.find(run, reports=reports) for run in (before, after)))
    click.echo(json.dumps(found.as_json(), indent=1) if as_json else "\n".join(load_report.lines(found)))
    return int(load_report.CODES[found.difference])
