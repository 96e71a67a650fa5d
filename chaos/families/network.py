"""Pods that do not hear each other, or hear each other badly."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.naming import NamesUnanswered, ServiceDeleted
from chaos.network import ClientsCutOff, Loss, Partition, Way, bridge, isolated, ring, without_zookeeper
from chaos.shaping import Bandwidth, Disturbance
from chaos.storm import ConnectionStorm
from harness.families import AWHILE, BROKERS, Family, Ground
from harness.faults import Fault

LOST = 0.1
NARROW_KBIT_PER_S = 500


def _bridged(ground: Ground, pods: Sequence[str]) -> Fault:
    (over,) = pods
    return Partition(ground.kubernetes, bridge(ground.kubernetes, over=over))


ISOLATE = Family(
    name="isolate",
    group="network",
    what="a broker is cut off from the other brokers and from ZooKeeper, though not from clients",
    make=lambda ground, pods: Partition(ground.kubernetes, isolated(ground.kubernetes, *pods)),
    victims=BROKERS,
    lasts=AWHILE,
)
RING = Family(
    name="partition-ring",
    group="network",
    what="each broker is deaf to the next one",
    make=lambda ground, _: Partition(ground.kubernetes, ring(ground.kubernetes), way=Way.INTO),
    lasts=AWHILE,
)
BRIDGE = Family(
    name="partition-bridge",
    group="network",
    what="the other brokers hear each other only by way of this one",
    make=_bridged,
    victims=BROKERS,
    lasts=AWHILE,
)
NO_ZOOKEEPER = Family(
    name="no-zookeeper",
    group="network",
    what="a broker is cut off from ZooKeeper alone",
    make=lambda ground, pods: Partition(ground.kubernetes, without_zookeeper(ground.kubernetes, *pods)),
    victims=BROKERS,
    lasts=AWHILE,
)
CLIENTS_CUT_OFF = Family(
    name="clients-cut-off",
    group="network",
    what="a broker is heard by brokers and by no client",
    make=lambda ground, pods: ClientsCutOff(ground.kubernetes, *pods),
    victims=BROKERS,
    lasts=AWHILE,
)
LOSS = Family(
    name="loss",
    group="network",
    what="a tenth of the packets between a broker and all others is lost",
    make=lambda ground, pods: Loss(ground.kubernetes, isolated(ground.kubernetes, *pods), probability=LOST),
    victims=BROKERS,
    lasts=AWHILE,
)
NARROW = Family(
    name="narrow",
    group="network",
    what="a broker may send 500 kbit/s and no more",
    make=lambda ground, pods: Bandwidth(ground.kubernetes, pods, kbit_per_s=NARROW_KBIT_PER_S),
    victims=BROKERS,
    lasts=AWHILE,
)
LATE = Family(
    name="late",
    group="network",
    what="what a broker sends is 100 ms late, with jitter, some of it out of order",
    make=lambda ground, pods: Disturbance(ground.kubernetes, pods, latency_ms=100, jitter_ms=50, reordered_percent=5),
    victims=BROKERS,
    lasts=AWHILE,
)
NO_NAMES = Family(
    name="no-names",
    group="network",
    what="a broker asks for names and hears nothing",
    make=lambda ground, pods: NamesUnanswered(ground.kubernetes, *pods),
    victims=BROKERS,
    lasts=AWHILE,
)
NO_SERVICE = Family(
    name="no-service",
    group="network",
    what="the headless Service is deleted, and nobody knows the brokers' names",
    make=lambda ground, _: ServiceDeleted(ground.kubernetes),
    lasts=AWHILE,
)
STORM = Family(
    name="connection-storm",
    group="network",
    what="two thousand clients connect to a broker and say nothing",
    make=lambda ground, pods: ConnectionStorm(ground.kubernetes, *pods),
    victims=BROKERS,
    lasts=AWHILE,
)
