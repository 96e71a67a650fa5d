"""Pods that do not hear each other, or hear each other badly."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.network import ClientsCutOff, Loss, Partition, Way, bridge, isolated, ring, without_zookeeper
from chaos.shaping import Bandwidth, Disturbance
from harness.families import BROKERS, Family, Ground, Span
from harness.faults import Fault

LASTS = Span(least_s=5, most_s=60)
LOST = 0.1
NARROW_KBIT_PER_S = 500


def _isolated(ground: Ground, pods: Sequence[str]) -> Fault:
    return Partition(ground.kubernetes, isolated(ground.kubernetes, *pods))


def _ring(ground: Ground, _: Sequence[str]) -> Fault:
    return Partition(ground.kubernetes, ring(ground.kubernetes), way=Way.INTO)


def _bridged(ground: Ground, pods: Sequence[str]) -> Fault:
    (over,) = pods
    return Partition(ground.kubernetes, bridge(ground.kubernetes, over=over))


def _without_zookeeper(ground: Ground, pods: Sequence[str]) -> Fault:
    return Partition(ground.kubernetes, without_zookeeper(ground.kubernetes, *pods))


def _clients_cut_off(ground: Ground, pods: Sequence[str]) -> Fault:
    return ClientsCutOff(ground.kubernetes, *pods)


def _lossy(ground: Ground, pods: Sequence[str]) -> Fault:
    return Loss(ground.kubernetes, isolated(ground.kubernetes, *pods), probability=LOST)


def _narrow(ground: Ground, pods: Sequence[str]) -> Fault:
    return Bandwidth(ground.kubernetes, pods, kbit_per_s=NARROW_KBIT_PER_S)


def _late(ground: Ground, pods: Sequence[str]) -> Fault:
    return Disturbance(ground.kubernetes, pods, latency_ms=100, jitter_ms=50, reordered_percent=5)


ISOLATE = Family(
    name="isolate",
    group="network",
    what="a broker is cut off from the other brokers and from ZooKeeper, though not from clients",
    make=_isolated,
    victims=BROKERS,
    lasts=LASTS,
)
RING = Family(
    name="partition-ring",
    group="network",
    what="each broker is deaf to the next one",
    make=_ring,
    lasts=LASTS,
)
BRIDGE = Family(
    name="partition-bridge",
    group="network",
    what="the other brokers hear each other only by way of this one",
    make=_bridged,
    victims=BROKERS,
    lasts=LASTS,
)
NO_ZOOKEEPER = Family(
    name="no-zookeeper",
    group="network",
    what="a broker is cut off from ZooKeeper alone",
    make=_without_zookeeper,
    victims=BROKERS,
    lasts=LASTS,
)
CLIENTS_CUT_OFF = Family(
    name="clients-cut-off",
    group="network",
    what="a broker is heard by brokers and by no client",
    make=_clients_cut_off,
    victims=BROKERS,
    lasts=LASTS,
)
LOSS = Family(
    name="loss",
    group="network",
    what="a tenth of the packets between a broker and all others is lost",
    make=_lossy,
    victims=BROKERS,
    lasts=LASTS,
)
NARROW = Family(
    name="narrow",
    group="network",
    what="a broker may send 500 kbit/s and no more",
    make=_narrow,
    victims=BROKERS,
    lasts=LASTS,
)
LATE = Family(
    name="late",
    group="network",
    what="what a broker sends is 100 ms late, with jitter, some of it out of order",
    make=_late,
    victims=BROKERS,
    lasts=LASTS,
)
