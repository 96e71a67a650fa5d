"""The cluster: brokers that crash and return, partitions on them, and the followers that fetch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from harness.rehearsal.clock import MS
from harness.rehearsal.controller import Controller
from harness.rehearsal.records import Failure
from harness.rehearsal.replica import Replica
from harness.rehearsal.world import World

BROKERS = (0, 1, 2)


class Broker:
    """One broker; isolated, it reaches clients but neither the controller nor the other brokers."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.up = True
        self.isolated = False
        self.replicas: dict[str, Replica] = {}

    @property
    def reachable(self) -> bool:
        """Say whether the controller and the other brokers reach it."""
        return self.up and not self.isolated


class Partition:
    """What the controller knows of one partition; `version` grows with every change, `epoch` with every leader."""

    def __init__(self, key: str, replicas: Sequence[Replica]) -> None:
        self.key = key
        self.replicas = {replica.broker.number: replica for replica in replicas}
        self.leader: int | None = None
        self.epoch = 4
        self.version = 0
        self.isr = frozenset(self.replicas)


class Leader(NamedTuple):
    """Who leads a partition, as a client is told."""

    broker: int
    epoch: int


class Cluster:
    """Three brokers and a controller that never fails."""

    def __init__(self, world: World, keys: Iterable[str]) -> None:
        self.world = world
        self.brokers = {number: Broker(number) for number in BROKERS}
        self.partitions = {key: self._create(key, first=first) for first, key in enumerate(keys)}
        self.controller = Controller(world, self)
        for partition in self.partitions.values():
            self.controller.elect(partition)

    def _create(self, key: str, *, first: int) -> Partition:
        order = [BROKERS[(first + step) % len(BROKERS)] for step in range(len(BROKERS))]
        replicas = [Replica(self, self.brokers[number], key) for number in order]
        for replica in replicas:
            replica.broker.replicas[key] = replica
        return Partition(key, replicas)

    def add(self, key: str) -> None:
        """Make one more partition and give it a leader."""
        self.partitions[key] = self._create(key, first=len(self.partitions))
        self.controller.elect(self.partitions[key])

    def connected(self, one: Broker, other: Broker) -> bool:
        return one.up and other.up and not one.isolated and not other.isolated

    def followers(self, leader: Replica) -> Iterable[Replica]:
        """Give the other replicas of a partition."""
        return [one for one in self.partitions[leader.key].replicas.values() if one is not leader]

    def leader(self, key: str) -> Leader | None:
        """Say who leads a partition, as far as the controller knows."""
        partition = self.partitions[key]
        return None if partition.leader is None else Leader(partition.leader, partition.epoch)

    def leading(self, key: str) -> Replica | None:
        """Return the replica that leads a partition and that others reach, if there is one."""
        partition = self.partitions[key]
        if partition.leader is None:
            return None
        replica = partition.replicas[partition.leader]
        return replica if replica.leads and replica.broker.reachable else None

    def coordinator(self) -> Broker | None:
        """Return the broker that hosts the coordinators: the first that the controller believes to live."""
        live = [number for number in BROKERS if number in self.controller.live]
        return self.brokers[live[0]] if live else None

    def fetch_soon(self, follower: Replica) -> None:
        """Let a follower ask its leader for more, unless it is about to."""
        if not follower.fetch_is_due:
            follower.fetch_is_due = True
            self.world.clock.after(self.world.plan.fetch_delay(self.world.random), self._fetch, follower)

    def _fetch(self, follower: Replica) -> None:
        follower.fetch_is_due = False
        if follower.leader is None or follower.leads:
            return
        leader = self.partitions[follower.key].replicas[follower.leader]
        if not self.connected(follower.broker, leader.broker) or not leader.leads or leader.epoch != follower.epoch:
            return
        if follower.fetch(leader):
            self.fetch_soon(follower)

    def crash(self, number: int) -> None:
        """Kill a broker; its log stays."""
        broker = self.brokers[number]
        if not broker.up:
            return
        broker.up = False
        broker.isolated = False
        for replica in broker.replicas.values():
            replica.drop_waiting(Failure.DISCONNECTED)
            replica.restart()
        self.controller.lost(number)

    def restart(self, number: int) -> None:
        """Start a broker that crashed."""
        if not self.brokers[number].up:
            self.brokers[number].up = True
            self.controller.back(number)

    def isolate(self, number: int) -> None:
        """Cut a broker off from the others and from the controller; clients still reach it."""
        broker = self.brokers[number]
        if broker.reachable:
            broker.isolated = True
            self.controller.lost(number)

    def rejoin(self, number: int) -> None:
        """Connect an isolated broker again."""
        broker = self.brokers[number]
        if broker.isolated:
            broker.isolated = False
            self.controller.back(number)

    def heal(self) -> None:
        """Undo every fault."""
        for number in BROKERS:
            self.restart(number)
            self.rejoin(number)

    def checkpoint(self) -> None:
        """Let every broker that runs write down its high watermarks, as it does every so often."""
        for broker in self.brokers.values():
            if broker.up:
                for replica in broker.replicas.values():
                    replica.checkpoint = replica.high_watermark
        if self.world.bugs:
            self.world.strikes.remember_offsets()
        self.world.clock.after(200 * MS, self.checkpoint)
