"""Rehearsing: one deterministic run of clients against the in-memory Kafka, and the history that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.ops import Op
from harness.rehearsal.bugs import Bug
from harness.rehearsal.cleaner import Cleaner
from harness.rehearsal.clients.consuming import consumers
from harness.rehearsal.clients.membership import members
from harness.rehearsal.clients.observing import Observer, read_everything
from harness.rehearsal.clients.producing import producers
from harness.rehearsal.clients.transacting import ETL, MIXED, PARTNER, WRITER, clients
from harness.rehearsal.clock import MS
from harness.rehearsal.cluster import Cluster
from harness.rehearsal.groups import Groups
from harness.rehearsal.nemesis import Nemesis
from harness.rehearsal.opportunities import plan_for
from harness.rehearsal.plan import KEYS, LEDGERS, ORDERS, Plan
from harness.rehearsal.stage import Stage
from harness.rehearsal.strikes import Strikes
from harness.rehearsal.transactions import Transactions
from harness.rehearsal.world import World

ATTEMPTS = 5
"""How often a run is begun until its planted bugs have struck."""

SEED_STEP = 1_000_003
"""How far apart the seeds of two attempts are."""

LATE_SLACK_NS = 200 * MS
"""How much later than promised a leader may delete: it may just have been elected, or its followers be behind."""


@dataclass(frozen=True, kw_only=True)
class JudgedBy:
    """What a judge has to know: how long records stay at least, and after which time they are gone."""

    retention_ms: int
    late_ms: int


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """One run: its history, how often each planted bug struck, and the numbers to judge it by."""

    ops: tuple[Op, ...]
    fired: Mapping[Bug, int]
    judged_by: JudgedBy


def rehearse(*, seed: int, bugs: frozenset[Bug] = frozenset(), plan: Plan | None = None) -> Rehearsal:
    """Run clients, faults and planted bugs from a seed; the same arguments give the same history.

    In a few seeds of a hundred the opportunity for a planted bug does not come; then the run is begun anew from a seed
    that follows from the first.
    """
    chosen = plan or plan_for(bugs)
    for attempt in range(ATTEMPTS):
        world = _play(World(seed=seed + attempt * SEED_STEP, bugs=bugs, plan=chosen))
        if all(world.fired[bug] for bug in bugs):
            break
    return Rehearsal(ops=tuple(world.ops), fired=dict(world.fired), judged_by=judged_by(chosen))


def _play(world: World) -> World:
    stage = set_stage(world)
    world.clock.run(until_ns=world.plan.traffic_ns + world.plan.settle_ns)
    read_everything(stage)
    return world


def simulate(*, seed: int, bugs: frozenset[Bug] = frozenset(), plan: Plan | None = None) -> tuple[Op, ...]:
    """Return the history of a rehearsal."""
    return rehearse(seed=seed, bugs=bugs, plan=plan).ops


def judged_by(plan: Plan) -> JudgedBy:
    """Say how long records of the expiring key stay under a plan."""
    late_ns = plan.retention_ns + plan.segment_ns + plan.check_ns + LATE_SLACK_NS
    return JudgedBy(retention_ms=plan.retention_ns // MS, late_ms=late_ns // MS)


def set_stage(world: World) -> Stage:
    """Build the cluster and let everybody begin."""
    cluster = Cluster(world, KEYS)
    groups = Groups(world)
    stage = Stage(world=world, cluster=cluster, groups=groups, transactions=Transactions(cluster, groups))
    observer = Observer(stage)
    if world.bugs:
        world.strikes = Strikes(cluster, observer)
    world.clock.after(5 * MS, _raise_curtain, stage, observer)
    cluster.checkpoint()
    Cleaner(cluster).run()
    Nemesis(cluster).start()
    return stage


def _raise_curtain(stage: Stage, observer: Observer) -> None:
    spawn = stage.world.clock.spawn
    spawn(observer.run())
    spawn(producers(stage, keys=ORDERS, idempotent=True, pace_ns=16 * MS))
    for _ in range(stage.world.plan.plain_producers):
        spawn(producers(stage, keys=ORDERS, idempotent=False, pace_ns=16 * MS))
    spawn(producers(stage, keys=("vault-0", "events-0"), idempotent=True, pace_ns=13 * MS))
    spawn(consumers(stage, keys=(*ORDERS, "events-0", *LEDGERS), committed=True))
    if stage.world.plan.uncommitted_reader:
        spawn(consumers(stage, keys=(*LEDGERS, ORDERS[0]), committed=False))
    for _ in range(3):
        spawn(members(stage))
    spawn(clients(stage, WRITER, pace_ns=50 * MS))
    spawn(clients(stage, ETL, pace_ns=40 * MS))
    spawn(clients(stage, MIXED, pace_ns=60 * MS))
    if stage.world.plan.duet:
        spawn(clients(stage, PARTNER, pace_ns=60 * MS))
