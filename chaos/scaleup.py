"""Scale-up: one more broker joins and may take over replicas; before it goes again, it gives all of them back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.clients.admin import Admin, Partition
from harness.clients.reassigning import reassign
from harness.cluster.objects import (
    claims_of,
    delete_claim,
    nodes_of_members,
    requires_separate_hosts,
    schedulable_nodes,
)
from harness.cluster.pods import KAFKA, Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive, Unsupported


@dataclass(frozen=True, kw_only=True)
class BrokersAsDeclared(Remedy):
    """There are as many brokers as were declared, and all replicas are theirs.

    What is on a broker beyond them is moved first, and only when it has arrived does the broker go, or its records
    would go with it; then its claim does. Each step is taken when the one before is done, so this is applied again and
    again.
    """

    stateful_set: str
    declared: int

    def apply(self, cluster: Cluster) -> None:
        asked = cluster.replicas(self.stateful_set)
        if asked is None:
            return
        beyond = _beyond(cluster, self.declared)
        if beyond:
            moves = [moved for one in beyond if (moved := _home(one, self.declared)) is not None]
            if moves:
                reassign(cluster.bootstrap, moves)
        elif asked > self.declared:
            cluster.scale(self.stateful_set, replicas=self.declared)
        elif not self._pods(cluster):
            for claim in self._claims(cluster):
                delete_claim(cluster, claim)

    def remains(self, cluster: Cluster) -> str:
        asked = cluster.replicas(self.stateful_set)
        if asked is None:
            return ""
        if beyond := _beyond(cluster, self.declared):
            names = ", ".join(one.key for one in beyond[:3])
            return f"replicas on a broker beyond the declared {self.declared}: {len(beyond)}, such as of {names}"
        if asked > self.declared:
            return f"StatefulSet {self.stateful_set} is asked for {asked} pods, declared are {self.declared}"
        left = (*self._pods(cluster), *self._claims(cluster))
        return f"{', '.join(left)} is left" if left else ""

    def _newcomer(self) -> str:
        return f"{self.stateful_set}-{self.declared}"

    def _pods(self, cluster: Cluster) -> tuple[str, ...]:
        return (self._newcomer(),) if cluster.pod(self._newcomer()) is not None else ()

    def _claims(self, cluster: Cluster) -> tuple[str, ...]:
        return claims_of(cluster, self._newcomer())


class OneMoreBroker(ByRemedies):
    """The brokers' StatefulSet is asked for one pod more than was declared.

    Proven by the newcomer, which is ready and registered among the brokers. On a cluster where each broker has a node
    of its own, and no other node is free, this cannot be done.
    """

    name = "one more broker"

    def __init__(self, cluster: Cluster) -> None:
        if not cluster.brokers or not all(cluster.is_ready(pod) for pod in cluster.brokers):
            raise Inconclusive("not every broker is ready, so none can join them")
        self._cluster = cluster
        self.number = len(cluster.brokers)
        """The id of the newcomer."""

    def plan(self) -> tuple[str, ...]:
        return (self._cluster.broker_pod(self.number),)

    def remedies(self) -> tuple[Remedy, ...]:
        return (BrokersAsDeclared(stateful_set=KAFKA, declared=self.number),)

    def inject(self) -> None:
        """Ask for one more; where there is no place for it, this is Unsupported."""
        if requires_separate_hosts(self._cluster, KAFKA):
            nodes = nodes_of_members(self._cluster)
            taken = {nodes.get(pod) for pod in self._cluster.brokers}
            if not set(schedulable_nodes(self._cluster)) - taken:
                raise Unsupported(f"every node has a broker already, and {self.plan()[0]} needs one of its own")
        self._cluster.scale(KAFKA, replicas=self.number + 1)

    def proof_of_injection(self) -> dict[str, object] | None:
        (newcomer,) = self.plan()
        if not self._cluster.is_ready(newcomer):
            return None
        brokers = Admin(self._cluster.bootstrap).brokers()
        return {"ready": newcomer, "brokers": list(brokers)} if self.number in brokers else None

    def proof_of_healing(self) -> dict[str, object] | None:
        """Take the next step of the way back, and see whether it was the last one."""
        self.heal()
        if not self._is_undone() or not all(self._cluster.is_ready(pod) for pod in self._cluster.brokers):
            return None
        return {"ready": list(self._cluster.brokers)}


def _beyond(cluster: Cluster, declared: int) -> list[Partition]:
    partitions = Admin(cluster.bootstrap).partitions()
    return [one for one in partitions if any(replica >= declared for replica in one.replicas)]


def _home(partition: Partition, declared: int) -> Partition | None:
    """Return a partition with declared brokers in the places of others; None while all of them have a replica already.

    That is how a reassignment looks that is under way: the old replicas and the new ones.
    """
    free = [broker for broker in range(declared) if broker not in partition.replicas]
    if not free:
        return None
    kept = [broker if broker < declared else free.pop(0) if free else None for broker in partition.replicas]
    return replace(partition, replicas=tuple(broker for broker in kept if broker is not None))
