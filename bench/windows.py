"""Windows: for how long each service is out under each fault, measured where the brokers can be reached."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chaos.network import Partition, isolated
from chaos.pause import Pause
from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete, PodEnds
from chaos.rollout import RollingRestart
from harness import budget
from harness.budget import Budget, LiveTimeouts
from harness.checkers.services import SHORTEST_S
from harness.clients.admin import Admin, NoAnswer
from harness.clients.traffic import Load, Traffic
from harness.cluster.pods import Cluster
from harness.deployment import deployed
from harness.evidence import Evidence
from harness.faults import Fault
from harness.progress import TerminalProgress
from harness.run import Run, Settings
from harness.services import Service
from harness.steady_state import await_steady_state
from harness.trial import Patience, Trial, survive
from harness.verdict import Inconclusive
from harness.victims import ALeader, Controller, Role, Scene, ZooKeeperLeader, the

RESULT = "windows.json"
PARTITIONS = 6
PROOF_BUDGET_S = 600.0
LONG_S = 15.0
"""How long a broker is paused or cut off: its session ends, and another one leads what it led."""

PROVEN_S = 10.0
"""How long it takes at the most until that is proven; it has begun by then."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fault, what it may cost, and for how long it lasts once it is proven.

    Those who produce may have to wait for longer than whoever asks anew: for an answer of a broker that says nothing.
    """

    choose: Callable[[Cluster, Admin], Fault]
    allowed: Callable[[LiveTimeouts], Budget]
    producing: Callable[[LiveTimeouts], Budget] | None = None
    lasts_s: float = 0.0


def _pod(kind: type[PodEnds], role: Role) -> Callable[[Cluster, Admin], Fault]:
    return lambda cluster, admin: kind(cluster, _who(role, cluster, admin))


def _who(role: Role, cluster: Cluster, admin: Admin) -> str:
    return the(role, Scene(cluster=cluster, admin=admin))


def _until_it_is_back(live: LiveTimeouts) -> Budget:
    return budget.paused(live, lasts_s=LONG_S + PROVEN_S)


EVENTS: Mapping[str, Event] = {
    "graceful delete of a leader": Event(
        choose=_pod(GracefulDelete, ALeader()), allowed=lambda _: budget.announced_end()
    ),
    "forced delete of a leader": Event(choose=_pod(ForcedDelete, ALeader()), allowed=budget.forced_end),
    "crash in place of a leader": Event(choose=_pod(CrashInPlace, ALeader()), allowed=budget.crash),
    "forced delete of the controller": Event(
        choose=_pod(ForcedDelete, Controller()), allowed=budget.controller_deleted
    ),
    "forced delete of the ZooKeeper leader": Event(
        choose=_pod(ForcedDelete, ZooKeeperLeader()), allowed=lambda _: budget.unrelated()
    ),
    "pause of a leader": Event(
        choose=lambda cluster, admin: Pause(cluster, [_who(ALeader(), cluster, admin)]),
        allowed=budget.session_lost,
        producing=_until_it_is_back,
        lasts_s=LONG_S,
    ),
    "a leader cut off from brokers and ZooKeeper": Event(
        choose=lambda cluster, admin: Partition(cluster, isolated(cluster, _who(ALeader(), cluster, admin))),
        allowed=budget.session_lost,
        producing=_until_it_is_back,
        lasts_s=LONG_S,
    ),
    "rolling restart": Event(choose=lambda cluster, _: RollingRestart(cluster), allowed=lambda _: budget.rolling()),
}


@dataclass(kw_only=True)
class Row:
    """The worst windows of one service under one event, one for each time that it was seen, and what is allowed."""

    event: str
    service: str
    budget_s: float
    why: str
    lengths_s: list[float] = field(default_factory=list)
    unseen: int = 0
    """How often nothing could be said, as a probe was too late or the fault was not proven."""


@dataclass(kw_only=True)
class Figures:
    """All that was measured, and what the probes took."""

    rows: list[Row] = field(default_factory=list)
    probe_cpu_shares: list[float] = field(default_factory=list)

    def row(self, event: str, service: Service, allowed: Budget) -> Row:
        """Return the row of a service under an event; the first time it is a new one."""
        for row in self.rows:
            if (row.event, row.service) == (event, service.value):
                return row
        self.rows.append(Row(event=event, service=service.value, budget_s=allowed.seconds, why=allowed.why))
        return self.rows[-1]

    def add(self, other: Figures) -> None:
        """Add what was measured at another time."""
        for theirs in other.rows:
            allowed = Budget(seconds=theirs.budget_s, why=theirs.why)
            mine = self.row(theirs.event, Service(theirs.service), allowed)
            mine.lengths_s += theirs.lengths_s
            mine.unseen += theirs.unseen
        self.probe_cpu_shares += other.probe_cpu_shares

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Figures:
        return cls.of(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Figures:
        """Take figures out of their JSON."""
        return cls(rows=[Row(**row) for row in fields["rows"]], probe_cpu_shares=fields["probe_cpu_shares"])


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it is measured."""

    cluster: Cluster
    admin: Admin
    run: Run

    def tried(self, event: Event, budgets: Mapping[Service, Budget], *, label: str, evidence: Evidence) -> Trial:
        """Let an event happen once, on a topic of its own."""
        await_steady_state(self.cluster, self.admin, before="the next event")
        topic = self.admin.create_topic(label, partitions=PARTITIONS, replication_factor=3)
        history = self.run.settings.report_dir / "histories" / f"{topic}.jsonl"
        traffic = Traffic(
            Load(topic=topic, partitions=PARTITIONS),
            bootstrap=self.cluster.bootstrap,
            journal_path=history,
            clock=self.run.clock,
        )
        try:
            return survive(
                event.choose(self.cluster, self.admin),
                cluster=self.cluster,
                traffic=traffic,
                admin=self.admin,
                run=self.run,
                evidence=evidence,
                budget=None,
                patience=Patience(proof_s=PROOF_BUDGET_S),
                lasts_s=event.lasts_s,
                services=budgets,
            )
        finally:
            self.admin.delete_topic(topic)


def measure(settings: Settings, *, times: int, events: Sequence[str]) -> Figures:
    """Hurt one deployed cluster in every way several times; what was measured is on the disk after each."""
    figures, progress, run = Figures(), TerminalProgress(), Run(settings=settings)
    with deployed(run, progress=progress) as made:
        place = Place(cluster=made.cluster, admin=Admin(made.cluster.bootstrap), run=run)
        try:
            for number in range(times):
                for name in events:
                    with progress.step(f"{name}, {number + 1} of {times}", expected_s=60):
                        _measure_once(figures, place, name, label=f"bench-{number}-{len(run.events)}")
                    figures.write(settings.report_dir / RESULT)
        finally:
            made.stage.collect(settings.report_dir / "cluster")
    return figures


def _measure_once(figures: Figures, place: Place, name: str, *, label: str) -> None:
    event, evidence = EVENTS[name], Evidence()
    live = LiveTimeouts.of(place.admin.broker_config(place.admin.controller()))
    allowed = event.allowed(live)
    budgets = budget.of_services(allowed, live)
    producing = (event.producing or event.allowed)(live)
    rows = {
        service: figures.row(name, service, one) for service, one in {Service.PRODUCE: producing, **budgets}.items()
    }
    try:
        trial = place.tried(event, budgets, label=label, evidence=evidence)
    except (Inconclusive, AssertionError, NoAnswer) as unseen:
        place.run.event("unseen", f"{name}: {unseen}")
        for row in rows.values():
            row.unseen += 1
        return
    if isinstance(share := evidence.facts.get("probes_cpu_share"), float):
        figures.probe_cpu_shares.append(share)
    late = {Service.PRODUCE: trial.generator_lateness_s, **{seen.service: seen.lateness_s for seen in trial.watches}}
    worst = {Service.PRODUCE: trial.worst_window_s, **{seen.service: seen.worst_s for seen in trial.watches}}
    unwatched = {seen.service for seen in trial.watches if seen.unwatched or seen.unserved}
    for service, row in rows.items():
        if service in unwatched or late[service] > SHORTEST_S:
            row.unseen += 1
        else:
            row.lengths_s.append(round(worst[service], 3))


def show(figures: Figures, *, console: Console) -> None:
    """Print median and maximum of each row, beside its budget."""
    table = Table("event", "service", "times", "unseen", "median", "maximum", "allowed")
    for row in figures.rows:
        table.add_row(row.event, row.service, *_numbers(row))
    console.print(table)
    if figures.probe_cpu_shares:
        console.print(f"probes: {max(figures.probe_cpu_shares):.1%} of one CPU at the most")


def _numbers(row: Row) -> Iterable[str]:
    yield from (str(len(row.lengths_s)), str(row.unseen))
    for number in (statistics.median(row.lengths_s), max(row.lengths_s)) if row.lengths_s else (None, None):
        yield "–" if number is None else f"{number:.2f} s" if number else f"< {SHORTEST_S} s"
    yield f"{row.budget_s:g} s"


def markdown(figures: Figures) -> str:
    """Return the table of docs/windows.md."""
    lines = ["| event | service | times | median | maximum | allowed | because |", "|---|---|---|---|---|---|---|"]
    for row in figures.rows:
        times, _, median, maximum, allowed = _numbers(row)
        lines.append(f"| {row.event} | `{row.service}` | {times} | {median} | {maximum} | {allowed} | {row.why} |")
    return "\n".join(lines)


def main(*arguments: str) -> None:
    """With settings, times and events: measure. With files of figures only: print the table of all together."""
    if arguments[0].endswith(RESULT):
        figures = Figures()
        for path in arguments:
            figures.add(Figures.read(Path(path)))
        print(markdown(figures))
        return
    settings_file, times, *events = arguments
    measure(Settings.read(Path(settings_file)), times=int(times), events=events)


if __name__ == "__main__":
    main(*sys.argv[1:])
