"""Deployment: from manifests to a cluster that is in sync, each step refused, timed or explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.audit import traces
from harness.clients.admin import Admin, NoAnswer
from harness.cluster.connection import connect, require_vantage
from harness.cluster.fault_copies import FaultCopies
from harness.cluster.pod_logs import PodLogs, log_source
from harness.cluster.pods import PORT, Cluster, require_kubectl_on_path
from harness.cluster.production import refuse_production
from harness.cluster.safety import RunLease, refuse_if_held, survey
from harness.cluster.stage import NotDeployed, Stage
from harness.errors import UsageError
from harness.fault_lines import GONE, HEALED
from harness.healer import heal_at_the_end, heal_before_clearing, heal_before_reuse, tell_what_lasts
from harness.machine_watch import machine_watch
from harness.progress import Progress
from harness.run import Run

PODS_BUDGET_S = 180.0
SYNC_BUDGET_S = 60.0
CLEARING_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What came of deploying: the cluster, or why there is none. `in_sync_s` counts from the first apply."""

    stage: Stage
    cluster: Cluster
    failure: str | None
    in_sync_s: float | None


@contextmanager
def deployed(run: Run, *, progress: Progress) -> Iterator[Deployment]:
    """Deploy for the length of a `with` block; what was put there is taken away again, whatever happens inside."""
    settings = run.settings
    connection = connect(settings.target)
    require_kubectl_on_path(connection)
    require_vantage()
    stage = Stage(connection, survey(connection, settings.namespace, reuse=settings.reuse), settings.manifests())
    refuse_production(connection, settings.namespace, known=settings.known)
    _require_stateful_sets(stage, reuse=settings.reuse)
    if settings.reuse:
        with RunLease(connection, settings.namespace, holder=settings.run_id), _watched(stage, run):
            heal_before_reuse(connection, settings.namespace, progress=progress)
            with _healed_at_the_end(stage, run, progress):
                yield _await(stage, run, progress=progress)
        return
    clear_earlier(stage, progress=progress)
    stage.prepare()
    with (
        RunLease(connection, settings.namespace, holder=settings.run_id),
        _watched(stage, run),
        _cleared_at_the_end(stage, run, progress),
    ):
        tell_what_lasts(Cluster(connection, settings.namespace), traces(), progress=progress)
        run.event("deploy", f"apply {settings.manifests_source}")
        with progress.step("applying the manifests", expected_s=3):
            stage.apply()
        with _healed_at_the_end(stage, run, progress):
            yield _await(stage, run, progress=progress)


def clear_earlier(stage: Stage, *, progress: Progress) -> None:
    """Remove what an earlier run kept or left in the namespace; one that is still in progress is never touched."""
    refuse_if_held(stage.connection, stage.ground.namespace)
    if stage.exists():
        heal_before_clearing(stage.connection, stage.ground, progress=progress)
        with progress.step(f"taking an earlier run in {stage.ground.namespace} down", expected_s=CLEARING_S):
            stage.clear()


def _require_stateful_sets(stage: Stage, *, reuse: bool) -> None:
    if reuse:
        names = {body["metadata"]["name"] for body in stage.snapshot().stateful_sets}
        missing = {"kafka", "zookeeper"} - names
        if missing:
            raise UsageError(
                f"namespace {stage.ground.namespace!r} has no StatefulSet named {' or '.join(sorted(missing))}",
                remedy="name the namespace where the documented cluster runs with --namespace",
            )
    else:
        for name in ("kafka", "zookeeper"):
            stage.manifests.stateful_set(name)


@contextmanager
def _watched(stage: Stage, run: Run) -> Iterator[None]:
    """Keep what later explains a verdict: the logs of all pods, and how this machine went."""
    logs = PodLogs(
        log_source(stage.connection),
        stage.ground.namespace,
        run.settings.report_dir / "cluster",
        refused=lambda why: run.event("logs", f"the logs of pods are not kept: {why}"),
    )
    with logs, machine_watch(run.clock, seen=run.machine):
        yield


@contextmanager
def _cleared_at_the_end(stage: Stage, run: Run, progress: Progress) -> Iterator[None]:
    try:
        yield
    finally:
        if not run.settings.keep:
            with progress.step(f"taking namespace {stage.ground.namespace} down", expected_s=CLEARING_S):
                stage.clear()


@contextmanager
def _healed_at_the_end(stage: Stage, run: Run, progress: Progress) -> Iterator[None]:
    """Heal what is still open when a run ends, however it ends."""
    stays = run.settings.keep or run.settings.reuse
    try:
        yield
    finally:
        heal_at_the_end(stage.connection, stage.ground, run.faults.open_lines, stays=stays, progress=progress)
        run.faults.note_end(HEALED if stays or not stage.ground.created else GONE)


def _await(stage: Stage, run: Run, *, progress: Progress) -> Deployment:
    started_s = run.clock.now_s()
    cluster = Cluster(stage.connection, stage.ground.namespace)
    run.faults.copy_to(FaultCopies(stage.connection, stage.ground.namespace), cluster)
    try:
        with progress.step("waiting for brokers and ZooKeeper to be ready", expected_s=20):
            stage.await_pods(budget_s=PODS_BUDGET_S)
        with progress.step("waiting for every partition to be in sync", expected_s=5):
            _await_in_sync(stage, cluster)
    except NotDeployed as failure:
        run.event("deploy", f"not deployed: {failure}")
        return Deployment(stage=stage, cluster=cluster, failure=str(failure), in_sync_s=None)
    run.event("deploy", "everything in sync")
    return Deployment(stage=stage, cluster=cluster, failure=None, in_sync_s=run.clock.now_s() - started_s)


def _await_in_sync(stage: Stage, cluster: Cluster) -> None:
    admin = Admin(cluster.bootstrap)
    brokers = len(cluster.brokers)

    def registered() -> bool:
        return _answers(lambda: len(admin.brokers()) == brokers)

    stage.await_condition(registered, what=f"{brokers} brokers being registered", budget_s=SYNC_BUDGET_S)
    _require_documented_addresses(cluster, admin)

    def in_sync() -> bool:
        return _answers(lambda: admin.has_group_coordinator() and not admin.out_of_sync())

    stage.await_condition(in_sync, what="every partition being in sync", budget_s=SYNC_BUDGET_S)


def _require_documented_addresses(cluster: Cluster, admin: Admin) -> None:
    """Raise NotDeployed when a broker tells its clients a name that is not its own: they would never reach it."""
    for broker, advertised in admin.advertised().items():
        expected = f"{cluster.address(cluster.broker_pod(broker))}:{PORT}"
        if advertised != expected:
            raise NotDeployed(f"broker {broker} advertises {advertised}, expected its own documented name {expected}")


def _answers(ask: Callable[[], bool]) -> bool:
    """Ask a cluster that is still coming up: while it gives no answer, the answer is not yet."""
    try:
        return ask()
    except NoAnswer:
        return False
