"""What is measured, run where the brokers can be reached: deployment times, and windows without acknowledgements."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete, PodEnds
from chaos.rollout import RollingRestart
from harness.budget import Budget
from harness.clients.admin import Admin
from harness.clients.traffic import Load, Traffic
from harness.cluster.pods import Cluster
from harness.deployment import deployed
from harness.evidence import Evidence
from harness.faults import Fault
from harness.progress import TerminalProgress
from harness.run import Run, Settings
from harness.trial import survive
from harness.victims import ALeader, Controller, Role, Scene, ZooKeeperLeader, the
from harness.waiting import wait_until

RESULT = "bench.json"
PARTITIONS = 6
NO_BUDGET = Budget(seconds=600, why="a measurement")

Choose = Callable[[Cluster, Admin], Fault]


def _pod(kind: type[PodEnds], role: Role) -> Choose:
    return lambda cluster, admin: kind(cluster, the(role, Scene(cluster=cluster, admin=admin)))


EVENTS: Mapping[str, Choose] = {
    "graceful delete of a leader": _pod(GracefulDelete, ALeader()),
    "forced delete of a leader": _pod(ForcedDelete, ALeader()),
    "crash in place of a leader": _pod(CrashInPlace, ALeader()),
    "forced delete of the controller": _pod(ForcedDelete, Controller()),
    "forced delete of the ZooKeeper leader": _pod(ForcedDelete, ZooKeeperLeader()),
    "rolling restart": lambda c, _: RollingRestart(c),
}


def measure_deployment(settings: Settings, *, times: int) -> dict[str, list[float]]:
    """Deploy and return the seconds from the first apply to everything in sync; every time needs fresh volumes."""
    if times != 1:
        raise ValueError(f"got times={times}, expected 1: a deployment is measured once in a process")
    with deployed(Run(settings=settings), progress=TerminalProgress()) as made:
        if made.in_sync_s is None:
            raise SystemExit(f"bench: not deployed: {made.failure}")
        return {"from apply to in sync": [made.in_sync_s]}


def measure_windows(settings: Settings, *, times: int) -> dict[str, list[float]]:
    """Hurt one deployed cluster in every way several times and return the worst windows without acknowledgements."""
    found: dict[str, list[float]] = {name: [] for name in EVENTS}
    run, progress = Run(settings=settings), TerminalProgress()
    with deployed(run, progress=progress) as made:
        admin = Admin(made.cluster.bootstrap)
        try:
            for number in range(times):
                for name, choose in EVENTS.items():
                    label = f"bench-{number}-{len(run.events)}"
                    with progress.step(f"{name}, {number + 1} of {times}", expected_s=60):
                        found[name].append(_window(made.cluster, admin, run, choose, label=label))
        finally:
            made.stage.collect(settings.report_dir / "cluster")
    return found


def _window(cluster: Cluster, admin: Admin, run: Run, choose: Choose, *, label: str) -> float:
    wait_until(lambda: cluster.all_ready() and not admin.out_of_sync(), what="steady state", timeout_s=120)
    topic = admin.create_topic(label, partitions=PARTITIONS, replication_factor=3)
    history = run.settings.report_dir / "histories" / f"{topic}.jsonl"
    traffic = Traffic(
        Load(topic=topic, partitions=PARTITIONS), bootstrap=cluster.bootstrap, journal_path=history, clock=run.clock
    )
    trial = survive(
        choose(cluster, admin),
        cluster=cluster,
        traffic=traffic,
        admin=admin,
        run=run,
        evidence=Evidence(),
        budget=NO_BUDGET,
        proof_budget_s=NO_BUDGET.seconds,
    )
    admin.delete_topic(topic)
    return trial.worst_window_s


FIGURES = {"deployment": measure_deployment, "windows": measure_windows}


def show(figures: Mapping[str, Sequence[float]], *, console: Console) -> None:
    """Print minimum, median and maximum of each figure, in seconds."""
    table = Table("figure", "runs", "min s", "median s", "max s")
    for name, values in figures.items():
        numbers = (min(values), statistics.median(values), max(values))
        table.add_row(name, str(len(values)), *(f"{number:.2f}" for number in numbers))
    console.print(table)


def main(settings_file: str, name: str, times: str) -> None:
    """Measure the named figures and leave them beside the histories."""
    settings = Settings.read(Path(settings_file))
    figures = FIGURES[name](settings, times=int(times))
    (settings.report_dir / RESULT).write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
