"""What a partition would leave: members that do not reach each other, whatever keeps them apart."""

from __future__ import annotations

from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import KAFKA, PORT, ZOOKEEPER, Cluster
from harness.verdict import Inconclusive

PORTS = {KAFKA: PORT, ZOOKEEPER: 3888}
"""Where each kind of member always listens: ZooKeeper's client port would log a client that says nothing."""

TIMEOUT_S = 3
SAID = "looked"


class UnreachableMembers(Trace):
    """Brokers that cannot connect to a broker, and ZooKeeper members that cannot connect to a member."""

    name = "members that do not reach each other"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        pods = [place.pod for place in remnants.places(cluster)]
        found: list[str] = []
        for pod in pods:
            kind = pod.rsplit("-", 1)[0]
            others = [other for other in pods if other != pod and other.rsplit("-", 1)[0] == kind]
            found.extend(f"{pod} does not reach {other}" for other in _unreached(cluster, pod, others, PORTS[kind]))
        return tuple(found)


def _unreached(cluster: Cluster, pod: str, others: list[str], port: int) -> list[str]:
    """Return those to which the pod cannot connect; bash connects without any tool that an image may lack."""
    tries = "; ".join(
        f"timeout {TIMEOUT_S} bash -c 'exec 3<>/dev/tcp/{cluster.address(other)}/{port}' 2>/dev/null || echo {other}"
        for other in others
    )
    done = cluster.run(pod, ["bash", "-c", f"{tries or ':'}; echo {SAID}"], timeout_s=TIMEOUT_S * len(others) + 15)
    lines = done.stdout.split()
    if SAID not in lines:
        raise Inconclusive(f"nothing can be tried from {pod}: {done.stderr.strip()[-200:]}")
    return [line for line in lines if line != SAID]
