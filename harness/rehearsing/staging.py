"""Staging: an empty in-memory cluster for one clause, with or without a planted bug."""

from __future__ import annotations

from dataclasses import dataclass, replace
from sys import maxsize

from harness.rehearsal.bugs import Bug
from harness.rehearsal.clients.observing import Observer
from harness.rehearsal.clock import MS
from harness.rehearsal.cluster import Cluster
from harness.rehearsal.groups import Groups
from harness.rehearsal.opportunities import plan_for
from harness.rehearsal.stage import Stage
from harness.rehearsal.strikes import Strikes
from harness.rehearsal.transactions import Transactions
from harness.rehearsal.world import World
from harness.rehearsing.clock import RehearsalClock

STRIKES_AFTER_NS = 300 * MS
"""How long traffic has run before a planted bug may strike."""

CRASH_CHANCE = 0.0005
"""By poll; a consumer's successor reads everything again, and suites run for longer than the model's own rehearsals."""


@dataclass(frozen=True, kw_only=True)
class Casting:
    """What one clause's cluster is made from."""

    seed: int
    bugs: frozenset[Bug]


def set_stage(casting: Casting, clock: RehearsalClock) -> Stage:
    """Build a cluster without partitions, and let the run's clock go on with it."""
    plan = replace(plan_for(casting.bugs), strike_from_ns=maxsize, crash_chance=CRASH_CHANCE)
    world = World(seed=casting.seed, bugs=casting.bugs, plan=plan)
    clock.follow(world.clock)
    cluster = Cluster(world, ())
    groups = Groups(world)
    stage = Stage(world=world, cluster=cluster, groups=groups, transactions=Transactions(cluster, groups))
    if world.bugs:
        world.strikes = Strikes(cluster, Observer(stage, keys=(), groups=()))
    cluster.checkpoint()
    return stage


def open_curtain(stage: Stage, *, keys: tuple[str, ...], groups: tuple[str, ...]) -> Observer:
    """Let an observer look at keys and groups, and a planted bug choose its victims among the keys."""
    world = stage.world
    world.plan = replace(
        world.plan,
        traffic_ns=maxsize,
        strike_until_ns=maxsize,
        strike_from_ns=world.clock.now_ns + STRIKES_AFTER_NS,
        victim=keys[0],
        read_key=keys[1 % len(keys)],
        ledgers=keys,
    )
    observer = Observer(stage, keys=keys, groups=groups)
    if world.bugs:
        world.strikes = Strikes(stage.cluster, observer)
    world.clock.spawn(observer.run())
    return observer


def close_curtain(stage: Stage) -> None:
    """Tell every client that the traffic is over."""
    now_ns = stage.world.clock.now_ns
    stage.world.plan = replace(stage.world.plan, traffic_ns=now_ns, strike_until_ns=now_ns)


def raise_again(stage: Stage) -> None:
    """Let clients work once more, without faults of planted bugs: what is left is to be finished."""
    stage.world.plan = replace(stage.world.plan, traffic_ns=maxsize)
