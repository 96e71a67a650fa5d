"""What a node fault would leave: a node that takes no new pods."""

from __future__ import annotations

from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster


class Cordons(Trace):
    """Nodes that are cordoned. Whoever did it: a broker that has to move there cannot."""

    name = "cordoned nodes"
    outlives_namespace = True

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return tuple(f"node {node} is cordoned" for node in remnants.cordoned_nodes(cluster))
