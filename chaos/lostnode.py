"""Lost nodes: a kubelet stands still, a node is cut off or loses its power; all of them come back by themselves.

They take away the way by which an agent is reached, so its deadline alone undoes them: whoever heals waits for that.
Whether a node is back is seen by a command in a pod on it, which takes that way and no agent.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from chaos.agent import Target
from chaos.by_agent import ByAgent
from chaos.undelivered import undelivered
from harness.cluster.objects import node_of, nodes_of_members
from harness.cluster.pods import PORT, Cluster, Executed
from harness.remedies import Remedy
from harness.verdict import Inconclusive

LASTS_S = 75
"""A node that says nothing is Unknown after 40 to 50 seconds, and its pods are evicted after five minutes."""

ANSWER_TIMEOUT_S = 5
NO_ANSWER = 124
"""How `timeout` says that it had to end a command."""

NOBODY_THERE = ("No route to host", "Connection refused")
"""How bash says that there is nobody at an address; `kubectl exec` that fails says neither."""

# The process that holds this container stands in the node's own namespaces: containerd's or CRI-O's.
NODE = """
holder() {
  local pid=$$
  while (( pid > 1 )); do
    pid=$(awk '/^PPid:/ {print $2}' "/proc/$pid/status")
    case $(<"/proc/$pid/comm") in containerd-shim*|conmon*) echo "$pid"; return ;; esac
  done
  echo "no process that holds this container is seen" >&2; exit 97
}
kubelet() {
  local here pid; here=$(readlink "/proc/$(holder)/ns/mnt")
  for pid in $(grep -lsx kubelet /proc/[0-9]*/comm | cut -d/ -f3); do
    [[ $(readlink "/proc/$pid/ns/mnt") == "$here" ]] && { echo "$pid"; return; }
  done
  echo "no process of this node is called kubelet" >&2; exit 97
}
rule() {
  local way=-o; [[ $2 == INPUT ]] && way=-i
  echo "tool iptables -w $1 $2 ! $way lo -m comment --comment $3 -j DROP"
}
"""

# What takes the way back away is begun when this script has ended and its end is known.
LATER = 'setsid bash -c "sleep 0.5; $act" </dev/null >/dev/null 2>&1 & echo "$pid"'
STOP = f"""{NODE}
pid=$(kubelet) || exit 97
act="kill -STOP $pid"; {LATER}
"""
GO_ON = f"""{NODE}
kill -CONT "$(kubelet)"
"""

# The processes of these pods end at once, sandboxes and all; who would start them again stands still.
POWER_OFF = f"""{NODE}
pid=$(kubelet) || exit 97
ended=$(for pod in "$@"; do pids "$pod"; done | tr '\\n' ' ')
[[ $ended ]] || {{ echo "no process of $* is seen" >&2; exit 97; }}
act="kill -STOP $pid; kill -KILL $ended"; {LATER}
"""

CHAINS = "FORWARD OUTPUT INPUT"
CUT_OFF = f"""{NODE}
pid=$(holder) || exit 97
inside "$pid" bash -c 'tool iptables -w -S INPUT' >/dev/null || exit 97
act=""; for chain in {CHAINS}; do
  act+="nsenter --net=/proc/$pid/ns/net -- bash -c '$(rule -I "$chain" "$1")';"
done
{LATER}
"""
# INPUT goes last, so that a node that answers again has none of the rules left.
JOIN = f"""{NODE}
pid=$(holder) || exit 97
for chain in {CHAINS}; do
  while inside "$pid" bash -c "$(rule -D "$chain" "$1")" 2>/dev/null; do :; done
done
"""
COMMENT = "harness-fault-lost-node"


@dataclass(frozen=True, kw_only=True)
class NodeAnswers(Remedy):
    """A node is reached again, which its own agent sees to at its deadline: there is nothing to do but to look."""

    outlives_namespace: ClassVar[bool] = True
    node: str
    pod: str

    def apply(self, cluster: Cluster) -> None:
        """Do nothing: nobody reaches the node from outside."""

    def remains(self, cluster: Cluster) -> str:
        if not is_ready(cluster, self.node):
            return f"node {self.node} is not ready; its agent undoes that at its deadline, {LASTS_S} s after it struck"
        if cluster.pod(self.pod) is None or node_of(cluster, self.pod) != self.node:
            return ""
        try:
            done = cluster.run(self.pod, ["true"], timeout_s=ANSWER_TIMEOUT_S)
        except Inconclusive:
            return f"the kubelet of {self.node} does not answer"
        return "" if done.returncode == 0 else f"the kubelet of {self.node} does not answer: {done.stderr.strip()}"


class LostNode(ByAgent):
    """The node of a broker is not seen any more for `LASTS_S` seconds.

    Proven by the node's own condition, which is Unknown when nothing has been heard of it, and by whether the broker
    on it still answers another one.
    """

    def __init__(self, cluster: Cluster, pod: str) -> None:
        super().__init__(cluster, [pod], deadline_s=LASTS_S)
        (self._target,) = self._targets
        here = self._target.node
        nodes = nodes_of_members(cluster)
        self._here = tuple(member for member, node in nodes.items() if node == here)
        self._peer = next((other for other in cluster.brokers if nodes.get(other, here) != here), None)
        if self._peer is None:
            raise Inconclusive(f"every broker is on {here}: nobody is left to see that it is lost")

    def plan(self) -> tuple[str, ...]:
        return (self._target.node, self._target.pod)

    def undoings(self) -> tuple[Remedy, ...]:
        return (NodeAnswers(node=self._target.node, pod=self._target.pod),)

    def heal(self) -> None:
        """Wait for nobody: the agent is removed when its node is back, or it could not undo anything."""
        *undoings, removed = self.remedies()
        if not any(one.remains(self._cluster) for one in undoings):
            removed.apply(self._cluster)

    def proof_of_injection(self) -> dict[str, object] | None:
        condition = condition_of(self._cluster, self._target.node)
        if condition is None or condition.status != "Unknown":
            return None
        answer = self._answer()
        if not self.is_seen_in(answer):
            return None
        return {
            "node": self._target.node,
            "ready": condition.status,
            "since": str(condition.last_transition_time),
            f"{self._target.pod} answers {self._peer}": answer.returncode == 0,
        }

    @staticmethod
    @abstractmethod
    def is_seen_in(answer: Executed) -> bool:
        """Say whether the broker's answer to another one is what this fault leads to."""

    def _answer(self) -> Executed:
        """Let another broker connect to the one on the lost node."""
        address = f"/dev/tcp/{self._target.address}/{PORT}"
        command = ["timeout", "2", "bash", "-c", f": <>{address}"]
        return self._cluster.run(self._peer or "", command, timeout_s=ANSWER_TIMEOUT_S)

    def proof_of_healing(self) -> dict[str, object] | None:
        self.heal()
        if not self._is_undone() or not self._all_ready():
            return None
        return {"node": self._target.node, "ready": "True", "pod": self._target.pod}

    def _all_ready(self) -> bool:
        return self._cluster.is_ready(self._target.pod)


class KubeletStopped(LostNode):
    """The kubelet of a broker's node stands still (SIGSTOP): the node is NotReady, and its pods go on running."""

    name = "kubelet stopped"

    def inject(self) -> None:
        self._agent.strike(self._target.node, do=STOP, undo=GO_ON, deadline_s=LASTS_S)

    @staticmethod
    def is_seen_in(answer: Executed) -> bool:
        return answer.returncode == 0


class NodePowerOff(LostNode):
    """The node of a broker loses its power: the brokers and ZooKeeper members on it end at once, and nothing is heard.

    Other pods on the node are left alone: they are not what is certified, and may be somebody else's. To everybody
    outside the difference is none, as the kubelet is silent, and a sandbox that has ended takes its address with it.
    """

    name = "node power off"

    def __init__(self, cluster: Cluster, pod: str) -> None:
        super().__init__(cluster, pod)
        self._victims = tuple(Target.of(cluster, member) for member in self._here)

    def plan(self) -> tuple[str, ...]:
        return (self._target.node, *(victim.pod for victim in self._victims))

    def inject(self) -> None:
        uids = [victim.uid for victim in self._victims]
        self._agent.strike(self._target.node, *uids, do=POWER_OFF, undo=GO_ON, deadline_s=LASTS_S)

    @staticmethod
    def is_seen_in(answer: Executed) -> bool:
        return answer.returncode == NO_ANSWER or any(word in answer.stderr for word in NOBODY_THERE)

    def _all_ready(self) -> bool:
        return all(self._cluster.is_ready(victim.pod) for victim in self._victims)


class NodeCutOff(LostNode):
    """The node of a broker is cut off: nothing reaches it or its pods, and nothing comes from there."""

    name = "node cut off"

    def proof_of_healing(self) -> dict[str, object] | None:
        healed = super().proof_of_healing()
        members = (*self._cluster.brokers, *self._cluster.zookeepers)
        return None if healed is None or undelivered(self._cluster, members) else {**healed, "undelivered": 0}

    def inject(self) -> None:
        self._agent.strike(self._target.node, COMMENT, do=CUT_OFF, undo=JOIN, deadline_s=LASTS_S)

    @staticmethod
    def is_seen_in(answer: Executed) -> bool:
        return answer.returncode == NO_ANSWER


def condition_of(cluster: Cluster, node: str) -> Any:
    """Return the condition Ready of a node; None for a node that is gone, or that has none."""
    found: Any = cluster.node(node)
    conditions = (found.status.conditions if found else None) or []
    return next((one for one in conditions if one.type == "Ready"), None)


def is_ready(cluster: Cluster, node: str) -> bool:
    """Say whether a node says that it is ready; one that is gone is nothing to wait for."""
    condition = condition_of(cluster, node)
    return condition is None or condition.status == "True"
