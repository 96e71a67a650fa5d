"""Loading: the process that puts the load of a profile on a deployed cluster and says what its sizing carries."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from harness import load_report, profiles, sizing_table
from harness.checkers.load import delivery, quota, recovery
from harness.checkers.load.resources import Documented
from harness.checkers.load.sufficiency import Sufficiency, conclude, drifted
from harness.clients.admin import Admin
from harness.cluster import kernel
from harness.cluster.pods import Cluster
from harness.deployment import deployed
from harness.disturbing import QUOTA_BYTES_PER_S, disturbed
from harness.document import read as read_document
from harness.earlier import last_of
from harness.ending import concluded, end_in_order, ended
from harness.errors import ExitCode
from harness.load_document import Concluded, document
from harness.load_lines import LoadLines, table
from harness.load_topic import load_topic
from harness.loadrun import Ground, Load, run_load
from harness.measuring.disk import hours_to_full, planned, records_planned
from harness.measuring.knee import Outcome
from harness.measuring.plan import Disturbance, Drain, Profile
from harness.measuring.recorded import MEGABYTE, RESULT
from harness.progress import Progress, TerminalProgress
from harness.reproduction import describe_environment, describe_subject
from harness.run import Run, Settings
from harness.verdict import Inconclusive, Judgement

LOG_COLUMNS = 160
"""Of a log or a pipe, which have no width of their own: the table's reasons stay readable."""
RESTARTING = (Disturbance.ROLLING_RESTART, Disturbance.BROKER_KILLED)
"""Under these the resources of brokers are not judged: a broker's counters begin anew."""
CODES = {
    Sufficiency.SUFFICIENT: ExitCode.CERTIFIED,
    Sufficiency.INSUFFICIENT: ExitCode.NOT_CERTIFIED,
    Sufficiency.DRIFT: ExitCode.NOT_CERTIFIED,
    Sufficiency.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the load goes: the deployed cluster, and what the kernel says of its brokers."""

    cluster: Cluster
    admin: Admin
    documented: Documented
    volume_bytes: int
    documented_volume_bytes: int
    retention_hours: float | None
    quota_cores: float | None


def load(run: Run, profile: Profile, *, against: str | None, progress: Progress, console: Console) -> Sufficiency:
    """Deploy, put the load on, judge it, write load.json, print what came of it, and leave nothing behind."""
    settings = run.settings
    earlier = last_of(profile, reports=settings.report_dir.parent, run=against, is_testbed=settings.target.is_testbed)
    with deployed(run, progress=progress) as made:
        if made.failure is not None:
            raise Inconclusive(f"there is no cluster to load: {made.failure}")
        try:
            run.subject.update(describe_subject(made.cluster))
            place = _place(made.cluster, settings)
            concluded = _concluded(run, profile, place, progress=progress, console=console)
        finally:
            made.stage.collect(settings.report_dir / "cluster")
    with progress.step("writing the report", expected_s=20):
        concluded = _written(run, concluded, place, earlier=earlier)
        page = load_report.make(settings.report_dir, against=earlier)
    _print(concluded, page, console=console)
    return concluded.conclusion.sufficiency


def _written(run: Run, concluded: Concluded, place: Place, *, earlier: Path | None) -> Concluded:
    """Write load.json; once more when what it says differs by a comparison that needed it."""
    _write(run, concluded, place)
    if earlier is None or concluded.conclusion.sufficiency is not Sufficiency.SUFFICIENT:
        return concluded
    conclusion = drifted(concluded.conclusion, load_report.diff(earlier, run.settings.report_dir))
    if conclusion != concluded.conclusion:
        concluded = replace(concluded, conclusion=conclusion)
        _write(run, concluded, place)
    return concluded


def _place(cluster: Cluster, settings: Settings) -> Place:
    admin, host = Admin(cluster.bootstrap), cluster.inside(cluster.brokers[0])
    config = admin.broker_config(admin.controller())
    kafka = read_document(settings.document).kafka
    retention_ms = int(config.get("log.retention.ms", int(config["log.retention.hours"]) * 3_600_000))
    limit = kernel.limits(host).cpu_millicores
    return Place(
        cluster=cluster,
        admin=admin,
        documented=Documented(cpu_millicores=kafka.cpu_millicores, memory_bytes=kafka.memory_bytes),
        volume_bytes=kernel.mount_of(host, config["log.dirs"].split(",")[0]).size_bytes,
        documented_volume_bytes=kafka.storage_bytes,
        retention_hours=retention_ms / 3_600_000 if retention_ms > 0 else None,
        quota_cores=None if limit is None else limit / 1000,
    )


def _concluded(run: Run, profile: Profile, place: Place, *, progress: Progress, console: Console) -> Concluded:
    traffic = profile.traffic
    disk = planned(profile, brokers=len(place.cluster.brokers), volume_bytes=place.volume_bytes)
    label = f"load-{run.settings.run_id[-4:]}"
    topic = load_topic(
        label,
        traffic,
        disk,
        cluster=place.cluster,
        admin=place.admin,
        progress=progress,
    )
    done_to_it = disturbed(
        profile.disturbance, plan=profile.plan, client=label, cluster=place.cluster, admin=place.admin, run=run
    )
    with topic as name, done_to_it as calm:
        ground = Ground(
            cluster=place.cluster,
            topic=name,
            documented=None if profile.disturbance in RESTARTING else place.documented,
            most_records=2 * records_planned(profile.plan),
            calm=calm,
        )
        folder = run.settings.report_dir / "load"
        with LoadLines(profile, console=console) as lines:
            done = run_load(profile, ground=ground, folder=folder, clock=run.clock, say=lines.say)
    return _judged(done, place, struck_s=calm.struck_s)


def _judged(done: Load, place: Place, *, struck_s: float | None) -> Concluded:
    profile = done.profile
    judgements = tuple(_on_the_whole(done, struck_s=struck_s, brokers=len(place.cluster.brokers)))
    conclusion = conclude(
        done.outcome,
        judgements=judgements,
        plan=profile.plan,
        expected_hz=profile.expected_records_per_s,
    )
    return Concluded(
        profile=profile,
        tried=done.tried,
        outcome=done.outcome,
        conclusion=conclusion,
        judgements=judgements,
        hours_to_full_disk=_hours(done.outcome, profile, place),
    )


def _on_the_whole(done: Load, *, struck_s: float | None, brokers: int) -> Iterable[Judgement]:
    """Judge what is not a matter of one rate: the delivery, where somebody reads, a quota, and the recovery."""
    if done.profile.traffic.groups:
        yield delivery.check_groups(done.ledgers, done.profile.traffic)
    if struck_s is not None:
        yield recovery.check(done.result, struck_s=struck_s)
    if done.profile.disturbance is Disturbance.QUOTA:
        allowed_hz = brokers * QUOTA_BYTES_PER_S / done.profile.traffic.records.value_bytes
        trials = [(one.step.rate_hz, one.judged.verdict) for one in done.tried]
        yield quota.check(trials, carried_hz=done.outcome.carried_hz, allowed_hz=allowed_hz)


def _hours(outcome: Outcome, profile: Profile, place: Place) -> float | None:
    if outcome.carried_hz is None or isinstance(profile.plan, Drain):  # what is read takes no room
        return None
    replicas = profile.traffic.replication_factor / len(place.cluster.brokers)
    bytes_per_s = outcome.carried_hz * profile.traffic.records.value_bytes * replicas
    return hours_to_full(
        bytes_per_s=bytes_per_s, volume_bytes=place.volume_bytes, retention_hours=place.retention_hours
    )


def _write(run: Run, concluded: Concluded, place: Place) -> None:
    settings = run.settings
    content = document(
        concluded,
        quota_cores=place.quota_cores,
        run_id=settings.run_id,
        seed=settings.seed,
        started_at=run.started_at.isoformat(timespec="seconds"),
        command=f"harness load {concluded.profile.name} --seed {settings.seed}",
        subject=dict(run.subject),
        environment=describe_environment(is_testbed=settings.target.is_testbed),
        events=[event.as_json() for event in run.events],
        sizing=sizing_table.rows(
            concluded,
            documented=place.documented,
            quota_cores=place.quota_cores,
            volume_bytes=place.volume_bytes,
            documented_volume_bytes=place.documented_volume_bytes,
        ),
        folder="load",
    )
    path = settings.report_dir / RESULT
    path.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")


def _print(concluded: Concluded, path: Path, *, console: Console) -> None:
    conclusion = concluded.conclusion
    console.print(f"\n{conclusion.sufficiency.value}: {conclusion.reason}", markup=False)
    for line in _facts(concluded):
        console.print(f"  {line}", markup=False)
    console.print(table(concluded.tried))
    console.print(f"  all of it: {path}", markup=False)


def _facts(concluded: Concluded) -> Iterable[str]:
    conclusion, carried_hz = concluded.conclusion, concluded.outcome.carried_hz
    words = ("read", "all backlogs") if isinstance(concluded.profile.plan, Drain) else ("carried", "knee")
    if carried_hz is not None:
        bytes_per_s = carried_hz * concluded.profile.traffic.records.value_bytes
        yield f"{words[0]}: {carried_hz:.0f} records/s, {bytes_per_s / MEGABYTE:.2f} MB/s"
    if conclusion.knee is not None:
        yield f"{words[1]}: {conclusion.knee.low:.0f} to {conclusion.knee.high:.0f} records/s (95 %)"
    if conclusion.headroom_ratio is not None:
        yield f"headroom over what is expected: {conclusion.headroom_ratio:+.0%}"
    if concluded.hours_to_full_disk is not None:
        yield f"a broker's volume is full after {concluded.hours_to_full_disk:.1f} h at that rate"
    for judgement in concluded.judgements:
        yield f"{judgement.checker}: {judgement.verdict.value}, {judgement.reason}"


def main(arguments: Sequence[str]) -> int:
    """Load as ordered: the settings of the run, the profile, and the run to compare with, if one is named."""
    end_in_order()
    return ended(lambda: concluded(lambda: _said(arguments)))


def _said(arguments: Sequence[str]) -> int:
    settings_file, name, *against = arguments
    is_terminal = sys.stdout.isatty()
    progress = TerminalProgress()
    console = Console(highlight=False, soft_wrap=not is_terminal, width=None if is_terminal else LOG_COLUMNS)
    try:
        run = Run(settings=Settings.read(Path(settings_file)))
        said = load(run, profiles.find(name), against=next(iter(against), None), progress=progress, console=console)
        return int(CODES[said])
    except AssertionError as error:  # the cluster did not recover from what was done to it
        print(f"INSUFFICIENT: {error}", file=sys.stderr)
        return int(ExitCode.NOT_CERTIFIED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
