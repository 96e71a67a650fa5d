"""The ZooKeeper ensemble as its members tell of it: who leads, whether all serve, how soon they miss one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.budget import ZooKeeperTicks
from harness.clients import zookeeper
from harness.protocols import Cluster
from harness.verdict import Inconclusive


@dataclass(frozen=True)
class Ensemble:
    """The members of a cluster's ensemble; each is asked anew."""

    cluster: Cluster

    @property
    def members(self) -> tuple[str, ...]:
        return self.cluster.zookeepers

    def others(self, member: str) -> tuple[str, ...]:
        return tuple(pod for pod in self.members if pod != member)

    def leaders(self, members: Sequence[str]) -> list[str]:
        """Return those of some members that say that they lead."""
        answers = {pod: zookeeper.mode(zookeeper.ask(self.cluster.address(pod), "srvr")) for pod in members}
        return [pod for pod, mode in answers.items() if mode == "leader"]

    def serves(self) -> bool:
        """Say whether one member leads and all others follow."""
        modes = zookeeper.modes([self.cluster.address(pod) for pod in self.members]).values()
        return sorted(map(str, modes)) == ["follower"] * (len(self.members) - 1) + ["leader"]

    def leader(self) -> str:
        """Return the member that leads."""
        leading = self.leaders(self.members)
        if len(leading) != 1:
            raise Inconclusive(f"{leading} lead the ensemble, expected one member")
        return leading[0]

    def ticks(self, member: str) -> ZooKeeperTicks:
        """Return the live settings by which a member misses others."""
        answer = zookeeper.ask(self.cluster.address(member), "conf")
        if answer is None:
            raise Inconclusive(f"{member} does not tell its settings")
        return ZooKeeperTicks.of(dict(line.split("=", 1) for line in answer.splitlines() if "=" in line))
