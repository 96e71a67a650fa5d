"""The options that every run has, and how what was typed becomes a run."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from harness import matrix, resumption
from harness.catalogue import claims_in
from harness.claims import Level
from harness.document import DEFAULT_PATH
from harness.launch import ROOT, SUITES, Request, Where, Work, launch
from harness.progress import TerminalProgress
from harness.run import Settings
from harness.selection import selection

PLACE_OPTIONS = (
    click.option("--kubeconfig", type=click.Path(path_type=Path), help="The cluster to use; default: the testbed."),
    click.option("--context", help="The kubeconfig's context; may be left out when it has only one."),
    click.option("--namespace", default="greenfield", show_default=True, help="Where to deploy."),
    click.option(
        "--manifests",
        type=click.Path(path_type=Path, allow_dash=True),
        help="A folder, kustomization, file or - ; default: the documented cluster.",
    ),
    click.option("--document", type=click.Path(path_type=Path), default=DEFAULT_PATH, help="The Markdown to certify."),
    click.option("--reuse", is_flag=True, help="Certify what already runs in the namespace; deploy nothing."),
    click.option(
        "--i-know-this-is",
        "known",
        metavar="NAMESPACE",
        help="Use this namespace although its cluster looks like one on which somebody depends.",
    ),
    click.option("--keep", is_flag=True, help="Leave the cluster under test (and the testbed) up afterwards."),
    click.option("--seed", type=int, help="The seed of every random choice; default: a new one, which is printed."),
    click.option("--reports", type=click.Path(path_type=Path), default=ROOT / "reports", help="Where reports go."),
    click.option("--json", "as_json", is_flag=True, help="Print the certificate as JSON at the end."),
)

CLAUSE_OPTIONS = (
    click.option("-k", "keyword", help="Only clauses whose name or id matches, as in pytest."),
    click.option("-x", "stop_first", is_flag=True, help="Stop at the first clause that does not pass."),
    click.option("--lf", "last_failed", is_flag=True, help="Only the clauses that did not pass last time."),
)

REHEARSAL_OPTIONS = (
    click.option(
        "--cluster",
        type=click.Choice([where.value for where in Where]),
        help="Where, without --kubeconfig: the testbed, or an in-memory Kafka, which certifies nothing.",
    ),
    click.option("--plant", metavar="BUG", help="The bug to plant in a rehearsal, by its name."),
)

SELECTION_OPTIONS = (
    click.option("--dry-run", "dry", is_flag=True, help="Say which clauses and faults there would be; touch nothing."),
    click.option("--only", multiple=True, metavar="WORDS", help="Only these clauses or families: FAIL or TXN-01,REP."),
    click.option("--skip", multiple=True, metavar="WORDS", help="All but these clauses or families."),
    click.option("--resume", metavar="RUN", help="Go on with an interrupted run: what it judged is taken over."),
)

Command = Callable[..., int]


def run_options(command: Command) -> Command:
    """Give a command the options of a run of clauses."""
    return _with((*PLACE_OPTIONS, *CLAUSE_OPTIONS), command)


def place_options(command: Command) -> Command:
    """Give a command the options that say where and on what it runs."""
    return _with(PLACE_OPTIONS, command)


def rehearsal_options(command: Command) -> Command:
    """Give a command the options of a rehearsal."""
    return _with(REHEARSAL_OPTIONS, command)


def selection_options(command: Command) -> Command:
    """Give a command the options that choose clauses."""
    return _with(SELECTION_OPTIONS, command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def request_of(
    level: Level,
    *,
    seed: int | None,
    reports: Path,
    cluster: str | None = None,
    plant: str | None = None,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    resume: str | None = None,
    **options: Any,
) -> Request:
    """Return what the user typed; a name that nothing has is refused."""
    options.pop("as_json", None)
    folder = resumption.find(resume, reports=reports) if resume else None
    if folder is not None and seed is None:
        seed = Settings.read(folder / "settings.json").seed
    return Request(
        level=level,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        reports=reports,
        selection=selection(only, skip, known=claims_in(SUITES)),
        resume=folder,
        cluster=Where(cluster) if cluster else None,
        plant=matrix.bugs_named([plant])[0] if plant else None,
        **options,
    )


def launched(request: Request, work: Work, *, result: str, as_json: bool) -> int:
    """Do the work and return its exit code; with `as_json` print the result that it wrote, if it came to that."""
    code, folder = launch(request, work=work, progress=TerminalProgress())
    written = folder / result
    if as_json and written.exists():
        click.echo(written.read_text(encoding="utf-8"))
    return int(code)
