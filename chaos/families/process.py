"""Processes that end, or stand still, in every way."""

from __future__ import annotations

from chaos.coldstart import ColdStart
from chaos.pause import Pause
from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete
from harness import budget
from harness.families import BROKERS, ZOOKEEPERS, Family, Span

DELETE = Family(
    name="delete",
    group="process",
    what="a pod is deleted with its grace period",
    make=lambda ground, pods: GracefulDelete(ground.cluster, *pods),
    victims=(*BROKERS, *ZOOKEEPERS),
    budget=lambda _: budget.announced_end(),
)
KILL = Family(
    name="kill",
    group="process",
    what="a pod is deleted by force, its process has about two seconds",
    make=lambda ground, pods: ForcedDelete(ground.cluster, *pods),
    victims=(*BROKERS, *ZOOKEEPERS),
    budget=budget.controller_deleted,
)
CRASH = Family(
    name="crash",
    group="process",
    what="a process crashes and is started again in the same pod",
    make=lambda ground, pods: CrashInPlace(ground.cluster, *pods),
    victims=(*BROKERS, *ZOOKEEPERS),
)
PAUSE = Family(
    name="pause",
    group="process",
    what="all processes of a container are stopped, and go on later",
    make=lambda ground, pods: Pause(ground.kubernetes, pods),
    victims=(*BROKERS, *ZOOKEEPERS),
    lasts=Span(least_s=5, most_s=40),
)
COLD_START = Family(
    name="cold-start",
    group="process",
    what="all brokers crash at the same moment",
    make=lambda ground, _: ColdStart(ground.kubernetes, ground.cluster.brokers),
    alone=True,
    stops_all=True,
)
