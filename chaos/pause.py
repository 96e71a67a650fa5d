"""Pause: all processes of a container are stopped and go on later, with everything in their memory.

The kernel protects a container's first process from signals sent inside it, so this takes an agent. Sockets stay open
and the kernel still acknowledges: to its peers a paused broker is neither dead nor alive.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaos.agent import hands
from chaos.by_agent import ByAgent
from harness.cluster.pods import Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive

# $1: the container. A process that starts between two looks is met by the next one.
STOP = """
for look in 1 2 3; do for pid in $(pids "$1"); do kill -STOP "$pid"; done; done
"""
GO_ON = """
for pid in $(pids "$1"); do kill -CONT "$pid"; done; true
"""

# Writes for the container's first process: its state and its CPU time at two moments, one second apart.
LOOK = """
pid=$(one "$1"); [[ $pid ]] || exit 0
ticks() { local stat; stat=$(<"/proc/$pid/stat"); set -- ${stat##*) }; echo "$1 $(( ${12} + ${13} ))"; }
first=$(ticks); sleep 1; echo "$first $(ticks)"
"""


@dataclass(frozen=True, kw_only=True)
class Resumed(Remedy):
    """The processes of a container go on; a container that is gone has none that is paused."""

    agent: str
    pod: str
    node: str
    container: str

    def apply(self, cluster: Cluster) -> None:
        if runs(cluster, self.pod, self.container):
            with hands(cluster, self.agent) as agent:
                agent.run(self.node, GO_ON, self.container)

    def remains(self, cluster: Cluster) -> str:
        """Look from inside the container, where its first process is number 1: this takes no agent."""
        if not runs(cluster, self.pod, self.container):
            return ""
        seen = cluster.run(self.pod, ["grep", "^State:", "/proc/1/status"])
        if seen.returncode != 0:
            raise Inconclusive(f"the state of {self.pod} cannot be read: {seen.stderr.strip()}")
        return f"{self.pod} is paused" if seen.stdout.split()[1] == "T" else ""


class Pause(ByAgent):
    """The processes of pods are stopped (SIGSTOP) until they are healed (SIGCONT) or a deadline has passed.

    Proven by the kernel's state T and by CPU time that stands still for a second. A pause that outlives the liveness
    probe's patience becomes a crash, by the kubelet's hand.
    """

    name = "pause"

    def undoings(self) -> tuple[Remedy, ...]:
        return tuple(
            Resumed(agent=self._agent.name, pod=target.pod, node=target.node, container=target.container)
            for target in self._targets
        )

    def inject(self) -> None:
        for target in self._targets:
            self._agent.strike(target.node, target.container, do=STOP, undo=GO_ON, deadline_s=self._deadline_s)

    def proof_of_injection(self) -> dict[str, object] | None:
        if not self._agent.is_there():
            return None
        proof: dict[str, object] = {}
        for target in self._targets:
            seen = self._agent.run(target.node, LOOK, target.container).split()
            if len(seen) != 4 or (seen[0], seen[2]) != ("T", "T") or seen[1] != seen[3]:
                return None
            proof[target.pod] = {"state": "T", "cpu_ticks": int(seen[1]), "cpu_ticks_a_second_later": int(seen[3])}
        return proof

    def proof_of_healing(self) -> dict[str, object] | None:
        if not (self._all_ready() and self._is_undone()):
            return None
        return {"paused": 0, "ready": list(self.plan())}


def runs(cluster: Cluster, pod: str, container: str) -> bool:
    """Say whether a container of a pod is still the one with this id."""
    found = cluster.pod(pod)
    statuses = (found.status.container_statuses if found and found.status else None) or []
    return any((status.container_id or "").endswith(container) for status in statuses)
