"""What a deleted Service would leave: members whose names nobody knows."""

from __future__ import annotations

from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster


class MissingServices(Trace):
    """Services by which StatefulSets name their pods and which are not there."""

    name = "missing Services"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return tuple(f"there is no Service {name}" for name in remnants.missing_services(cluster))
