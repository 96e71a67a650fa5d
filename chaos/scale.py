"""Scale faults: members are taken away and kept away, which a deleted pod is not."""

from __future__ import annotations

from dataclasses import dataclass

from harness.cluster.pods import KAFKA, Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive


@dataclass(frozen=True)
class Replicas(Remedy):
    """A StatefulSet is asked for as many pods as were declared."""

    stateful_set: str
    declared: int

    def apply(self, cluster: Cluster) -> None:
        if cluster.replicas(self.stateful_set) not in (None, self.declared):
            cluster.scale(self.stateful_set, replicas=self.declared)

    def remains(self, cluster: Cluster) -> str:
        now = cluster.replicas(self.stateful_set)
        if now in (None, self.declared):
            return ""
        return f"StatefulSet {self.stateful_set} is asked for {now} pods, declared are {self.declared}"


class BrokersAway:
    """All brokers but the first few are gone until the fault is healed; each leaves in an orderly way."""

    name = "brokers away"

    def __init__(self, cluster: Cluster, *, left: int) -> None:
        declared = len(cluster.brokers)
        if not declared:
            raise Inconclusive("there is no broker to take away")
        if not 0 <= left < declared:
            raise ValueError(f"got left={left}, expected 0 to {declared - 1}")
        self._cluster, self._left, self._declared = cluster, left, declared
        for pod in self.plan():
            if cluster.identity(pod) is None:
                raise Inconclusive(f"{pod} is not running, so it cannot be taken away")

    def plan(self) -> tuple[str, ...]:
        return tuple(reversed(self._cluster.brokers[self._left :]))

    def remedies(self) -> tuple[Remedy, ...]:
        return (Replicas(stateful_set=KAFKA, declared=self._declared),)

    def inject(self) -> None:
        self._cluster.scale(KAFKA, replicas=self._left)

    def proof_of_injection(self) -> dict[str, object] | None:
        if any(self._cluster.pod(pod) is not None for pod in self.plan()):
            return None
        return {"gone": list(self.plan())}

    def heal(self) -> None:
        self._cluster.scale(KAFKA, replicas=self._declared)

    def proof_of_healing(self) -> dict[str, object] | None:
        if not all(self._cluster.is_ready(pod) for pod in self._cluster.brokers):
            return None
        return {"ready": list(self._cluster.brokers)}
