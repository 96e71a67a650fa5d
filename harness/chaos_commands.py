"""The command that strikes a cluster by schedules of faults."""

from __future__ import annotations

from random import Random
from typing import Any

import click

from harness.chaos_families import Selected, selected_for
from harness.chaos_order import ChaosOrder
from harness.claims import Level
from harness.drawing import drawn
from harness.errors import ExitCode, UsageError
from harness.launch import Request, Where
from harness.quantities import seconds_of
from harness.run_options import launched, place_options, rehearsal_options, request_of
from harness.schedule import Schedule, parse

DEFAULT_FOR_S = 600.0
DEFAULT_SHRINK_S = {True: 60.0, False: 600.0}
"""By whether it is a rehearsal, where a schedule takes less than a second and not a minute."""


class Duration(click.ParamType[float]):
    """A duration such as 90s, 30m or 2h, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return value if isinstance(value, float) else seconds_of(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command("chaos")
@click.option("--for", "for_s", type=Duration(), help="Draw faults by the seed for so long; default: 10m.")
@click.option("--schedule", metavar="TEXT", help="Carry out these faults: pause:leader@0+20,crash:controller@after5.")
@click.option("--search", "search_s", type=Duration(), help="Make up schedules for so long, until one fails.")
@click.option("--shrink", "shrink_s", type=Duration(), help="How long what fails may be made shorter; 0s: not at all.")
@click.option("--only", multiple=True, metavar="WORDS", help="Only these families of faults, or groups of them.")
@click.option("--skip", multiple=True, metavar="WORDS", help="All but these families of faults, or groups of them.")
@click.option("--dry-run", "dry", is_flag=True, help="Say which faults there would be; touch nothing.")
@rehearsal_options
@place_options
def strike(
    for_s: float | None,
    schedule: str | None,
    search_s: float | None,
    shrink_s: float | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    *,
    dry: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Strike a cluster with faults while clients write and read, judge all that they saw, and shrink what fails.

    Exit codes: 0 held, 1 not held, 2 inconclusive (also a rehearsal that held).
    """
    request = request_of(Level.CHAOS, keyword=None, stop_first=False, last_failed=False, **options)
    is_rehearsal = request.cluster is Where.REHEARSAL
    _require_one(for_s, schedule, search_s, choosing=bool(only or skip))
    order = ChaosOrder(
        for_s=DEFAULT_FOR_S if for_s is None else for_s,
        shrink_s=DEFAULT_SHRINK_S[is_rehearsal] if shrink_s is None else shrink_s,
        schedule=None if schedule is None else str(parse(schedule)),
        search_s=search_s,
        only=_words(only),
        skip=_words(skip),
    )
    selected = selected_for(order, is_rehearsal=is_rehearsal)
    if dry:
        return _say_what_would_be_done(request, order, selected)
    return launched(
        request,
        lambda _, file: ["harness.chaos_run", str(file), order.as_text()],
        result="certificate.json",
        as_json=as_json,
    )


def _require_one(for_s: float | None, schedule: str | None, search_s: float | None, *, choosing: bool) -> None:
    """Refuse options of which one would be ignored."""
    given = {"--for": for_s, "--schedule": schedule, "--search": search_s}
    ways = [name for name, value in given.items() if value is not None]
    if len(ways) > 1:
        raise UsageError(f"got {' and '.join(ways)}", remedy="leave all but one of them out")
    if schedule is not None and choosing:
        raise UsageError("got --schedule and a choice of families", remedy="leave --only and --skip out")


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip().lower() for text in given for word in text.split(",") if word.strip())


def _say_what_would_be_done(request: Request, order: ChaosOrder, selected: Selected) -> int:
    where = request.kubeconfig or (request.cluster or Where.TESTBED).value
    does = "strike what runs there" if request.reuse else "deploy and strike"
    click.echo(f"Nothing is touched. This would {does}, in namespace {request.namespace} of {where}:")
    for family in selected.known.values():
        click.echo(f"  {family.name:18} {family.group:10} {family.what}")
    for name, why in selected.left_out.items():
        click.echo(f"  {name:18} left out: {why}")
    click.echo(_schedule_line(request, order, selected))
    return int(ExitCode.CERTIFIED)


def _schedule_line(request: Request, order: ChaosOrder, selected: Selected) -> str:
    if order.search_s is not None:
        return f"Schedules of these are searched for {order.search_s:g} s."
    schedule: Schedule = (
        parse(order.schedule)
        if order.schedule is not None
        else drawn(Random(request.seed), selected.known, for_s=order.for_s)
    )
    return f"The schedule{'' if order.schedule is not None else f' of seed {request.seed}, about'}: {schedule}"
