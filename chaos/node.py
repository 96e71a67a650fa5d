"""Node faults: a node is drained, as for its maintenance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.cluster.connection import Refused
from harness.cluster.objects import node_of, nodes_of_members
from harness.cluster.pods import Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive

TOO_MANY_REQUESTS = 429
"""How the API server refuses an eviction that the disruption budget forbids."""


@dataclass(frozen=True, kw_only=True)
class Uncordoned(Remedy):
    """A node takes pods again; one that is gone is fine."""

    outlives_namespace: ClassVar[bool] = True
    node: str

    def apply(self, cluster: Cluster) -> None:
        if self.remains(cluster):
            cluster.connection.core.patch_node(self.node, {"spec": {"unschedulable": None}})

    def remains(self, cluster: Cluster) -> str:
        return f"node {self.node} is cordoned" if is_cordoned(cluster, self.node) else ""


class Drain(ByRemedies):
    """The node of a pod is cordoned, and the brokers and ZooKeeper members on it are evicted; others are left alone.

    Proven by pods that are gone or others, by the cordon, and by the disruption budget: while the broker is away, the
    eviction of another one is refused. That one is only tried (a dry run), it would not happen if it were granted.
    """

    name = "drain"

    def __init__(self, cluster: Cluster, pod: str) -> None:
        self._cluster, self._node = cluster, node_of(cluster, pod)
        if is_cordoned(cluster, self._node):
            raise Inconclusive(f"node {self._node} is cordoned already, so it cannot be drained by this fault")
        nodes = nodes_of_members(cluster)
        self._pods = tuple(member for member, node in nodes.items() if node == self._node)
        self._uids = {member: _uid(cluster, member) for member in self._pods}
        kin = cluster.brokers if pod in cluster.brokers else cluster.zookeepers
        self._others = [member for member in kin if nodes.get(member, self._node) != self._node]
        if not self._others:
            raise Inconclusive(f"all pods of the kind of {pod} are on {self._node}: no budget could be seen to hold")
        self._refusal = ""

    def plan(self) -> tuple[str, ...]:
        return (self._node, *self._pods)

    def remedies(self) -> tuple[Remedy, ...]:
        return (Uncordoned(node=self._node),)

    def inject(self) -> None:
        self._cluster.connection.core.patch_node(self._node, {"spec": {"unschedulable": True}})
        for pod in self._pods:
            evict(self._cluster, pod)

    def proof_of_injection(self) -> dict[str, object] | None:
        after = {pod: _uid(self._cluster, pod) for pod in self._pods}
        if not is_cordoned(self._cluster, self._node) or any(after[pod] == self._uids[pod] for pod in self._pods):
            return None
        self._refusal = self._refusal or evict(self._cluster, self._others[0], try_only=True)
        if not self._refusal:
            return None
        return {"cordoned": self._node, "evicted": self._uids, "refused": {self._others[0]: self._refusal}}

    def proof_of_healing(self) -> dict[str, object] | None:
        if is_cordoned(self._cluster, self._node) or not all(map(self._cluster.is_ready, self._pods)):
            return None
        return {"schedulable": self._node, "ready": list(self._pods)}


def evict(cluster: Cluster, pod: str, *, try_only: bool = False) -> str:
    """Ask for the eviction of a pod, and return the disruption budget's refusal, empty when it was granted."""
    body: Any = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    dry_run = "All" if try_only else None
    try:
        cluster.connection.core.create_namespaced_pod_eviction(pod, cluster.namespace, body, dry_run=dry_run)
    except Refused as refusal:
        if refusal.status == TOO_MANY_REQUESTS:
            return f"{refusal.status} {refusal.reason}"
        raise
    return ""


def is_cordoned(cluster: Cluster, node: str) -> bool:
    """Say whether a node takes no new pods."""
    found: Any = cluster.node(node)
    return bool(found and found.spec.unschedulable)


def _uid(cluster: Cluster, pod: str) -> str | None:
    found: Any = cluster.pod(pod)
    return found.metadata.uid if found else None
