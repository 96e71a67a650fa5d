"""Starts in vain: something on a broker's volume keeps it from starting, again and again, until it is put right."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from chaos.agent import DEADLINE_S, Agent, hands
from chaos.by_agent import ByAgent
from chaos.disk import volume_of
from chaos.image import waits_for
from harness.cluster.pods import Cluster
from harness.remedies import Remedy

BACK_OFF = "CrashLoopBackOff"
PROOF_S = 240.0
"""For one start, with which the kubelet waits up to minutes when the container has ended before, of late."""


@dataclass(frozen=True)
class NotKeptWaiting(Remedy):
    """A pod whose container has ended too often of late to be started at once is made anew: the new one starts at once.

    The kubelet's back-off grows with every end within ten minutes, whatever brought it about.
    """

    pod: str

    def apply(self, cluster: Cluster) -> None:
        if waits_to_start(cluster, self.pod):
            cluster.delete_pod(self.pod, grace_s=0)

    def remains(self, cluster: Cluster) -> str:
        return f"{self.pod} is kept from starting" if waits_to_start(cluster, self.pod) else ""


@dataclass(frozen=True, kw_only=True)
class StartsAgain(Remedy):
    """The volume of a broker is as it was, and the pod that was started in vain is made anew.

    The kubelet's back-off grows with every such start, and belongs to the pod.
    """

    agent: str
    pod: str
    node: str
    volume: str

    @abstractmethod
    def wrong(self, agent: Agent) -> str:
        """Say what is wrong with the volume; empty when nothing is."""

    @abstractmethod
    def put_right(self, agent: Agent) -> None:
        """Make the volume what it was."""

    def apply(self, cluster: Cluster) -> None:
        with hands(cluster, self.agent) as agent:
            is_wrong = bool(self.wrong(agent))
            if is_wrong:
                self.put_right(agent)
        if is_wrong or waits_to_start(cluster, self.pod):
            cluster.delete_pod(self.pod, grace_s=0)

    def remains(self, cluster: Cluster) -> str:
        with hands(cluster, self.agent) as agent:
            wrong = self.wrong(agent)
        return f"the volume of {self.pod} {wrong}" if wrong else ""


class StartsInVain(ByAgent):
    """What faults share that keep one broker from starting; its process is killed once.

    Proven by a start in vain, which ended with an error that the fault is known by; the process that was killed cannot
    have said it.
    """

    errors: tuple[str, ...]
    """By which the fault is known in the broker's log: one of them, as versions of Kafka word it differently."""

    def __init__(self, cluster: Cluster, broker: str, *, deadline_s: int = DEADLINE_S) -> None:
        super().__init__(cluster, [broker], deadline_s=deadline_s)
        self._volume, self._before = volume_of(cluster, broker), cluster.identity(broker)

    def proof_of_injection(self) -> dict[str, object] | None:
        (pod,), before = self.plan(), self._before
        now = self._cluster.identity(pod)
        if now is None or before is None or now.uid != before.uid or now.restarts <= before.restarts:
            return None
        log = self._cluster.logs(pod, previous=True) or ""
        seen = [error for error in self.errors if error in log]
        return {"pod": pod, "starts_in_vain": now.restarts - before.restarts, "error": seen[0]} if seen else None

    def proof_of_healing(self) -> dict[str, object] | None:
        return {"ready": list(self.plan())} if self._all_ready() and self._is_undone() else None


def waits_to_start(cluster: Cluster, pod: str) -> bool:
    """Say whether a pod's container is kept from starting because it has ended too often."""
    return waits_for(cluster.pod(pod)) == BACK_OFF
