"""Processes that end, or stand still, in every way."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.coldstart import ColdStart
from chaos.pause import Pause
from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete
from harness import budget
from harness.families import BROKERS, ZOOKEEPERS, Family, Ground, Span
from harness.faults import Fault


def _deleted(ground: Ground, pods: Sequence[str]) -> Fault:
    return GracefulDelete(ground.cluster, *pods)


def _killed(ground: Ground, pods: Sequence[str]) -> Fault:
    return ForcedDelete(ground.cluster, *pods)


def _crashed(ground: Ground, pods: Sequence[str]) -> Fault:
    return CrashInPlace(ground.cluster, *pods)


def _paused(ground: Ground, pods: Sequence[str]) -> Fault:
    return Pause(ground.kubernetes, pods)


def _cold_started(ground: Ground, _: Sequence[str]) -> Fault:
    return ColdStart(ground.kubernetes, ground.cluster.brokers)


DELETE = Family(
    name="delete",
    group="process",
    what="a pod is deleted with its grace period",
    make=_deleted,
    victims=(*BROKERS, *ZOOKEEPERS),
    budget=lambda _: budget.announced_end(),
)
KILL = Family(
    name="kill",
    group="process",
    what="a pod is deleted by force, its process has about two seconds",
    make=_killed,
    victims=(*BROKERS, *ZOOKEEPERS),
)
CRASH = Family(
    name="crash",
    group="process",
    what="a process crashes and is started again in the same pod",
    make=_crashed,
    victims=(*BROKERS, *ZOOKEEPERS),
)
PAUSE = Family(
    name="pause",
    group="process",
    what="all processes of a container are stopped, and go on later",
    make=_paused,
    victims=(*BROKERS, *ZOOKEEPERS),
    lasts=Span(least_s=5, most_s=40),
)
COLD_START = Family(
    name="cold-start",
    group="process",
    what="all brokers crash at the same moment",
    make=_cold_started,
    alone=True,
    stops_all=True,
)
