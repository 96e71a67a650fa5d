"""Victims: which pods a fault is for, by the role that they have at this very moment.

A role is data and can be named in a plan; who has it is asked anew for each injection, as a fault moves roles about.
Whoever finds nobody in a role raises Inconclusive: a fault on somebody else would show something else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from harness.clients import zookeeper
from harness.clients.admin import coordinator_partition
from harness.protocols import Admin, Cluster, Partition
from harness.verdict import Inconclusive

STATE_TOPIC = "__transaction_state"
"""Where brokers keep transactions: the leader of an id's partition coordinates it."""

Modes = Callable[[Sequence[str]], Mapping[str, str | None]]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Whom to ask for roles; no answer is kept."""

    cluster: Cluster
    admin: Admin
    random: Random = field(default_factory=lambda: Random(0))
    modes: Modes = zookeeper.modes

    def partition(self, topic: str, index: int) -> Partition:
        """Return one partition as it is now."""
        found = [partition for partition in self.admin.describe(topic) if partition.key == f"{topic}-{index}"]
        if not found:
            raise Inconclusive(f"there is no partition {topic}-{index}, so nobody has a role in it")
        return found[0]

    def pick(self, pods: Sequence[str], *, role: str) -> tuple[str, ...]:
        """Return one of those that have a role, by the seed."""
        if not pods:
            raise Inconclusive(f"nobody is {role} now")
        return (self.random.choice(sorted(pods)),)

    def broker(self, number: int | None, *, role: str) -> tuple[str, ...]:
        """Return the pod of the broker that has a role."""
        if number is None:
            raise Inconclusive(f"nobody is {role} now")
        return (self.cluster.broker_pod(number),)


class Role(ABC):
    """A role that pods have, or do not have any more."""

    @abstractmethod
    def pods(self, scene: Scene) -> tuple[str, ...]:
        """Return who has it now: one pod or more."""


def the(role: Role, scene: Scene) -> str:
    """Return the one pod that has a role now."""
    pods = role.pods(scene)
    if len(pods) != 1:
        raise Inconclusive(f"{role} are {len(pods)} pods, expected one: {', '.join(pods)}")
    return pods[0]


@dataclass(frozen=True)
class LeaderOf(Role):
    """The leader of a partition."""

    topic: str
    index: int = 0

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.broker(scene.partition(self.topic, self.index).leader, role=str(self))

    def __str__(self) -> str:
        return f"the leader of {self.topic}-{self.index}"


@dataclass(frozen=True)
class FollowerOf(Role):
    """A follower in the in-sync set of a partition."""

    topic: str
    index: int = 0

    def pods(self, scene: Scene) -> tuple[str, ...]:
        partition = scene.partition(self.topic, self.index)
        followers = [number for number in partition.isr if number != partition.leader]
        return scene.pick([scene.cluster.broker_pod(number) for number in followers], role=str(self))

    def __str__(self) -> str:
        return f"an in-sync follower of {self.topic}-{self.index}"


@dataclass(frozen=True)
class ALeader(Role):
    """A broker that leads partitions and is not the controller: one role is lost at a time."""

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.pick(_leaders(scene), role=str(self))

    def __str__(self) -> str:
        return "a leader that is not the controller"


@dataclass(frozen=True)
class FreshLeader(Role):
    """Such a leader whose container was started again in its pod least often.

    The kubelet waits the longer with the next start, the more often that happened: up to five minutes.
    """

    def pods(self, scene: Scene) -> tuple[str, ...]:
        found = {pod: scene.cluster.identity(pod) for pod in _leaders(scene)}
        restarts = {pod: identity.restarts for pod, identity in found.items() if identity is not None}
        least = min(restarts.values(), default=0)
        return scene.pick([pod for pod, count in restarts.items() if count == least], role=str(self))

    def __str__(self) -> str:
        return "a leader that is not the controller and was restarted least often"


def _leaders(scene: Scene) -> list[str]:
    """Return the pods of the brokers that lead partitions, without the controller's."""
    leaders = {partition.leader for partition in scene.admin.partitions() if partition.leader is not None}
    return [scene.cluster.broker_pod(number) for number in leaders - {scene.admin.controller()}]


@dataclass(frozen=True)
class Controller(Role):
    """The broker that is the controller."""

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.broker(scene.admin.controller(), role=str(self))

    def __str__(self) -> str:
        return "the controller"


@dataclass(frozen=True)
class GroupCoordinator(Role):
    """The broker that coordinates a consumer group."""

    group: str

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.broker(scene.admin.group_coordinator(self.group), role=str(self))

    def __str__(self) -> str:
        return f"the coordinator of group {self.group}"


@dataclass(frozen=True)
class TransactionCoordinator(Role):
    """The broker that coordinates the transactions of one id."""

    transactional_id: str

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.broker(transaction_coordinator(scene.admin, self.transactional_id), role=str(self))

    def __str__(self) -> str:
        return f"the coordinator of the transactions of {self.transactional_id}"


def transaction_coordinator(admin: Admin, transactional_id: str) -> int | None:
    """Return the leader of the partition that a transactional id hashes to; None while there is none."""
    states = admin.describe(STATE_TOPIC)
    return states[coordinator_partition(transactional_id, partitions=len(states))].leader if states else None


@dataclass(frozen=True)
class ZooKeeperLeader(Role):
    """The ZooKeeper member that leads the ensemble."""

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.pick(_members(scene, mode="leader"), role=str(self))

    def __str__(self) -> str:
        return "the ZooKeeper leader"


@dataclass(frozen=True)
class ZooKeeperFollower(Role):
    """A ZooKeeper member that follows."""

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.pick(_members(scene, mode="follower"), role=str(self))

    def __str__(self) -> str:
        return "a ZooKeeper follower"


def _members(scene: Scene, *, mode: str) -> list[str]:
    """Return the members that say that they are in this mode now; one that does not answer is in none."""
    pods = {scene.cluster.address(pod): pod for pod in scene.cluster.zookeepers}
    return [pods[host] for host, now in scene.modes(list(pods)).items() if now == mode]


@dataclass(frozen=True)
class Named(Role):
    """One pod, whatever it is."""

    pod: str

    def pods(self, scene: Scene) -> tuple[str, ...]:
        if self.pod in scene.cluster.brokers:  # asked first: a rehearsal has no other members
            return (self.pod,)
        known = _everyone(scene)
        if self.pod not in known:
            raise Inconclusive(f"there is no pod {self.pod}, there are: {', '.join(known)}")
        return (self.pod,)

    def __str__(self) -> str:
        return self.pod


@dataclass(frozen=True)
class ABroker(Role):
    """A broker at random, by the seed."""

    def pods(self, scene: Scene) -> tuple[str, ...]:
        return scene.pick(scene.cluster.brokers, role=str(self))

    def __str__(self) -> str:
        return "a broker"


@dataclass(frozen=True)
class EveryBroker(Role):
    """All brokers."""

    def pods(self, scene: Scene) -> tuple[str, ...]:
        if not scene.cluster.brokers:
            raise Inconclusive("nobody is a broker now")
        return scene.cluster.brokers

    def __str__(self) -> str:
        return "every broker"


def _everyone(scene: Scene) -> tuple[str, ...]:
    return (*scene.cluster.brokers, *scene.cluster.zookeepers)
