"""What faults make in Kubernetes and would leave: helper pods and agents, NetworkPolicies, ephemeral containers."""

from __future__ import annotations

from chaos.agent import Agent, agents_of
from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster


class FaultObjects(Trace):
    """Pods, DaemonSets and NetworkPolicies of any namespace that carry the label of what faults make."""

    name = "helper pods, agents and network policies of faults"
    outlives_namespace = True

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return remnants.fault_objects(cluster)


class Agents(Trace):
    """Namespaces in which agents of faults work, with hands on the nodes; one that is on its way out is told nothing.

    What an agent has done is looked for by other traces, whether it is there or not.
    """

    name = "namespaces of agents"
    outlives_namespace = True

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return tuple(f"namespace {name}" for name in _staying(cluster))

    def tidy(self, cluster: Cluster) -> tuple[str, ...]:
        """Remove agents whose fault was undone, or whose process ended while they only looked."""
        orphans = _staying(cluster)
        for name in orphans:
            Agent(cluster, name).remove()
        return tuple(f"namespace {name}" for name in orphans)


def _staying(cluster: Cluster) -> tuple[str, ...]:
    return tuple(name for name, is_going in agents_of(cluster).items() if not is_going)


class EphemeralContainers(Trace):
    """Ephemeral containers that still run: they share a broker's network and processes."""

    name = "ephemeral containers that run"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return remnants.running_ephemeral_containers(cluster)
