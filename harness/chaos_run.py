"""The process of `harness chaos`: it carries out schedules of faults on a deployed or an in-memory cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from harness.campaign import Campaigner
from harness.certificate import exit_code_of
from harness.chaos_families import selected_for
from harness.chaos_lines import ChaosLines
from harness.chaos_order import ChaosOrder
from harness.chaos_result import CLAIM, result, summary, unjudged
from harness.client_words import kept_in
from harness.deployment import deployed
from harness.ending import end_in_order, ended
from harness.families import Catalogue
from harness.field import Fields, LiveFields
from harness.progress import Progress, TerminalProgress
from harness.publication import publish
from harness.rehearsal.bugs import Bug
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.fields import RehearsedFields
from harness.reproduction import describe_subject
from harness.run import Run, Settings
from harness.verdict import Inconclusive, Verdict
from harness.waiting import waiting_on


def run_of(settings: Settings) -> Run:
    """Return a run in real time, or of a rehearsal in virtual time."""
    return Run(settings=settings, clock=RehearsalClock()) if settings.is_rehearsal else Run(settings=settings)


@contextmanager
def fields_of(run: Run, known: Catalogue, *, progress: Progress) -> Iterator[Fields]:
    """Have a cluster for the length of the block; a deployed one is healed and taken away afterwards."""
    settings, clock = run.settings, run.clock
    if isinstance(clock, RehearsalClock):
        bugs = frozenset({Bug[settings.planted]} if settings.planted else ())
        with waiting_on(clock):
            yield RehearsedFields(clock, run=run, known=known, bugs=bugs)
        return
    with deployed(run, progress=progress) as made:
        if made.failure is not None:
            raise Inconclusive(f"there is no cluster to strike: {made.failure}")
        run.subject.update(describe_subject(made.cluster))
        try:
            yield LiveFields(made.cluster, run=run, known=known)
        finally:
            made.stage.collect(settings.report_dir / "cluster")


def chaos(run: Run, order: ChaosOrder, *, progress: Progress, console: Console) -> Verdict:
    """Carry out what is ordered, write the certificate of it whatever happens, and print what came of it."""
    settings = run.settings
    selected = selected_for(order, is_rehearsal=settings.is_rehearsal)
    run.owed[CLAIM.id] = CLAIM
    campaign, why = None, ""
    try:
        with (
            fields_of(run, selected.known, progress=progress) as fields,
            ChaosLines(console, is_rehearsal=settings.is_rehearsal) as lines,
        ):
            if order.schedule is None:
                lines.families(selected)
            campaigner = Campaigner(fields=fields, run=run, known=selected.known, order=order, lines=lines)
            campaign = campaigner.carry_out()
    except Inconclusive as unclear:
        why = str(unclear)
    except KeyboardInterrupt:
        why = "interrupted"
    run.results.append(result(run, order, campaign, left_out=selected.left_out) if campaign else unjudged(run, why))
    verdict = publish(run).verdict
    console.print("\n".join(summary(run, order, campaign, verdict=verdict)), markup=False)
    return verdict


def main(arguments: Sequence[str]) -> int:
    """Carry out as ordered: the settings of the run, and the order."""
    end_in_order()
    return ended(lambda: _done(arguments))


def _done(arguments: Sequence[str]) -> int:
    settings_file, text = arguments
    order, settings = ChaosOrder.of(text), Settings.read(Path(settings_file))
    run = run_of(replace(settings, command=f"{settings.command} {order.words()}"))
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    with kept_in(settings.report_dir / "clients.log") as screen:
        progress = TerminalProgress(Console(file=screen, highlight=False))
        verdict = chaos(run, order, progress=progress, console=console)
    return int(exit_code_of(verdict))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
