"""The command line: what a person or a pipeline types."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click

import testbed
from harness import (
    chaos_commands,
    document,
    dry_run,
    earlier,
    load_commands,
    locusting,
    matrix,
    mutants,
    nodejs,
    peers,
    profiles,
    rules,
)
from harness.catalogue import as_markdown, claims_in
from harness.certificate import exit_code_of
from harness.claims import Level
from harness.errors import ExitCode, UsageError
from harness.exits import PlainGroup
from harness.histories.reading import Form
from harness.judging.config import Config
from harness.launch import ROOT, SUITES, UNTHROTTLED, HealRequest, Request, Where, heal, suites
from harness.measuring.disk import planned
from harness.measuring.recorded import RESULT
from harness.progress import TerminalProgress
from harness.rehearsal.rehearsing import rehearse
from harness.rejudge import rejudge
from harness.run_options import launched, rehearsal_options, request_of, run_options, selection_options


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Certify an Apache Kafka cluster on Kubernetes.

    Exit codes: 0 certified, 1 not certified, 2 inconclusive, 3 the harness or its environment failed, 4 usage.
    """


@main.command()
@click.option("--nodes", default=3, show_default=True, help="How many Kubernetes nodes, 1 to 5.")
def up(nodes: int) -> None:
    """Start the testbed: a real Kubernetes of several nodes on this machine."""
    started = testbed.up(node_count=nodes, progress=TerminalProgress())
    click.echo(f"The testbed is up: {len(started.nodes)} nodes.")
    click.echo(f"  KUBECONFIG={started.kubeconfig}  kubectl: {started.kubectl}")
    click.echo(f"  a shell from which the cluster's names resolve: ip netns exec {started.network_namespace} bash")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> int:
    """Show whether the testbed runs, and what is on it."""
    now = testbed.status()
    click.echo(json.dumps(now.as_json(), indent=1) if as_json else str(now))
    return int(ExitCode.CERTIFIED if testbed.running() else ExitCode.HARNESS)


@main.command()
def down() -> int:
    """Stop the testbed and verify that nothing of it is left."""
    leftovers = testbed.down(progress=TerminalProgress())
    for leftover in leftovers:
        click.echo(f"left behind: {leftover}", err=True)
    click.echo("Nothing is left of the testbed." if not leftovers else f"{len(leftovers)} things are left, see above.")
    return int(ExitCode.HARNESS if leftovers else ExitCode.CERTIFIED)


@main.command()
def setup() -> None:
    """Install what the testbed and the documented examples need; say first what that changes on this system."""
    progress = TerminalProgress()
    testbed.install_missing(progress)
    nodejs.prepare_kafkajs(progress)


@main.command()
@click.option("--markdown", is_flag=True, help="Print the whole catalogue, as in docs/claims.md.")
def claims(markdown: bool) -> None:
    """List what is certified: every clause with its id, its level and its sentence."""
    found = claims_in(SUITES)
    if markdown:
        click.echo(as_markdown(found), nl=False)
        return
    for claim in found:
        click.echo(f"{claim.id:8} {claim.level.value:8} {claim.sentence}")


@main.command()
@rehearsal_options
@selection_options
@run_options
def gate(**options: Any) -> int:
    """Deploy, run the short set of clauses, write a certificate: for every change."""
    return _run(Level.GATE, **options)


@main.command()
@rehearsal_options
@selection_options
@run_options
def certify(**options: Any) -> int:
    """Deploy, run every clause there is, write a certificate: before a release."""
    return _run(Level.CERTIFY, **options)


def _run(level: Level, *, as_json: bool, dry: bool, **options: Any) -> int:
    request = request_of(level, **options)
    if dry:
        return _say_what_would_be_done(request)
    return launched(request, suites(request), result="certificate.json", as_json=as_json)


def _say_what_would_be_done(request: Request) -> int:
    if request.keyword is not None or request.last_failed:
        raise UsageError("got --dry-run and -k or --lf", remedy="choose clauses by --only and --skip")
    where = request.kubeconfig or (request.cluster or Where.TESTBED).value
    does = "certify what runs there" if request.reuse else "deploy"
    click.echo(f"Nothing is touched. This would {does}, in namespace {request.namespace} of {where}:")
    for line in dry_run.lines(SUITES, level=request.level, selection=request.selection):
        click.echo(line)
    return int(ExitCode.CERTIFIED)


@main.command("heal")
@click.option("--run", "run_id", help="Only the faults of this run; default: of all runs.")
@click.option("--all", "every_run", is_flag=True, help="The faults of all runs, which is the default.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="The cluster to heal; default: the testbed.")
@click.option("--context", help="The kubeconfig's context; may be left out when it has only one.")
@click.option("--namespace", default="greenfield", show_default=True, help="Where the faults were injected.")
@click.option("--reports", type=click.Path(path_type=Path), default=ROOT / "reports", help="Where reports are, if any.")
@click.option("--dry-run", is_flag=True, help="Say what is open and what is left; change nothing.")
def heal_faults(run_id: str | None, every_run: bool, **options: Any) -> int:
    """Undo what faults of killed runs left: exit code 0 nothing is left, 1 something is, 3 nobody can tell."""
    if run_id is not None and every_run:
        raise UsageError(f"got --run {run_id} and --all", remedy="leave one of them out")
    return int(heal(HealRequest(run=run_id, **options)))


@main.command("load")
@click.argument("profile", required=False)
@click.argument("locust_options", nargs=-1)
@click.option("--against", metavar="RUN", help="The load run to compare with; default: the last of this profile.")
@run_options
def put_load(
    profile: str | None, locust_options: tuple[str, ...], against: str | None, *, as_json: bool, **options: Any
) -> int:
    """Put the load of PROFILE (a name, or a file) on the cluster and say what its sizing carries; none: list them.

    A locustfile (*.py) is run as it is; what follows -- goes to Locust: harness load my.py -- -t 60s --rate 500
    Exit codes: 0 sufficient, 1 insufficient or drifted, 2 inconclusive.
    """
    if profile is None:
        for one in profiles.catalogue():
            click.echo(f"{one.name:20} {one.what}")
        return int(ExitCode.CERTIFIED)
    if profile.endswith(".py"):
        work = locusting.work(Path(profile), locust_options, against=against)
        return launched(request_of(Level.CERTIFY, **options), work, result=locusting.RESULT, as_json=as_json)
    if locust_options:
        raise UsageError(f"got {' '.join(locust_options)} after a profile", remedy="give a locustfile, or leave it out")
    found = profiles.find(profile)
    chosen = str(Path(profile).resolve()) if Path(profile).is_file() else found.name
    request = request_of(Level.CERTIFY, **options)
    earlier.last_of(found, reports=request.reports, run=against, is_testbed=request.kubeconfig is None)
    if not request.reuse:  # what is deployed has the documented volumes; what runs there already says so itself
        kafka = document.read(request.document).kafka
        planned(found, brokers=kafka.replicas, volume_bytes=kafka.storage_bytes)
    return launched(
        request,
        lambda _, file: ["harness.loading", str(file), chosen, *([against] if against else [])],
        result=RESULT,
        as_json=as_json,
    )


@main.command("bench-peers")
@click.option("--pairs", type=click.IntRange(min=1), default=5, show_default=True, help="How often each side works.")
@click.option("--seconds", type=click.IntRange(min=5), default=15, show_default=True, help="How long each time.")
@run_options
def bench_peers(pairs: int, seconds: int, *, as_json: bool, **options: Any) -> int:
    """Do the same work through the engines and through Kafka's own performance tools, in turn, and compare.

    On the testbed the brokers have no limit of CPU then, unless --manifests says otherwise: both sides would measure
    the limit. Exit codes: 0 as fast, as cheap and as true as must be, 1 not, 2 inconclusive.
    """
    if options["kubeconfig"] is None and options["manifests"] is None:
        options["manifests"] = UNTHROTTLED
    return launched(
        request_of(Level.CERTIFY, **options),
        lambda _, file: ["harness.peers", str(file), str(pairs), str(seconds)],
        result=peers.RESULT,
        as_json=as_json,
    )


@main.command("judge")
@click.argument("history", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice([form.value for form in Form]), help="Default: by its content.")
@click.option("--config", type=click.Path(path_type=Path), help="The rules: what is legal in this history.")
@click.option(
    "--json", "out", type=click.Path(path_type=Path, allow_dash=True), help="Where the findings go; - prints."
)
def judge_history(history: Path, form: str | None, config: Path | None, out: Path | None) -> int:
    """Judge a recorded history, of any run: exit code 0 without anomalies, 1 with, 2 when nothing can be said."""
    outcome = rejudge(history, form=Form(form) if form else None, config=rules.read(config) if config else Config())
    if out is not None:
        with click.open_file(str(out), "w", encoding="utf-8") as file:
            file.write(json.dumps(outcome.as_json(), indent=1, ensure_ascii=False) + "\n")
    if out != Path("-"):
        for line in outcome.lines():
            click.echo(line)
    return int(exit_code_of(outcome.judged.verdict))


@main.command("rehearse")
@click.argument("names", nargs=-1)
@click.option("--seeds", type=click.IntRange(min=1), default=100, show_default=True, help="How often each bug.")
@click.option("--clean", type=click.IntRange(min=1), default=1000, show_default=True, help="How often without a bug.")
@click.option("--history", type=click.Path(path_type=Path), help="Write the history of one rehearsal instead.")
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of that one rehearsal.")
def rehearse_bugs(names: tuple[str, ...], seeds: int, clean: int, history: Path | None, seed: int) -> int:
    """Rehearse with planted bugs on an in-memory Kafka, and demand that the judge finds each one for what it is."""
    bugs = matrix.bugs_named(names)
    if history is not None:
        rules_file = matrix.record(rehearse(seed=seed, bugs=frozenset(bugs if names else ())), history)
        click.echo(f"Judge it with: harness judge {history} --config {rules_file}")
        return int(ExitCode.CERTIFIED)
    found = []
    with ProcessPoolExecutor() as executor:
        for row in matrix.rows(bugs, seeds=seeds, clean_seeds=clean, executor=executor):
            found.append(row)
            click.echo(f"{len(found):3}/{len(bugs) + 1}  {matrix.line(row)}")
    verdict = matrix.Matrix(rows=tuple(found)).verdict
    click.echo(f"{len(found)} rows of {matrix.WHOLE}: {verdict.value}")
    return int(exit_code_of(verdict))


@main.command("mutants")
@click.argument("names", nargs=-1)
@run_options
def hunt_mutants(names: tuple[str, ...], **options: Any) -> int:
    """Deploy clusters that are broken on purpose and demand that the right claims turn red."""
    known = {mutant.name: mutant for mutant in mutants.read()}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(f"there is no mutant {', '.join(unknown)}", remedy=f"choose from: {', '.join(known)}")
    chosen = [known[name] for name in names or known]
    outcomes = mutants.hunt(chosen, request_of(Level.CERTIFY, **options), progress=TerminalProgress())
    for outcome in outcomes:
        click.echo(f"{outcome.fate.value:9} {outcome.mutant.name}: {outcome.mutant.what}")
        for claim in outcome.mutant.red:
            verdict = outcome.verdicts.get(claim)
            said = "not run" if verdict is None else verdict.value
            click.echo(f"          {claim} {said}: {outcome.reasons.get(claim, '')}")
    return int(mutants.exit_code_of(outcomes))


main.add_command(chaos_commands.strike)
main.add_command(load_commands.make_report)
main.add_command(load_commands.diff_loads)


if __name__ == "__main__":
    main()
