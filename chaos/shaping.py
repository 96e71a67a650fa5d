"""Shaped traffic: what a pod sends is slowed down by the kernel's queue: its bandwidth, or its delay and its order.

The queue has a handle of its own, by which it is known again: one that somebody else put there is never replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.agent import DEADLINE_S, hands
from chaos.by_agent import ByAgent
from chaos.rules import exists
from harness.cluster.pods import Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive

HANDLE = "fa17:"
"""The handle of every queue that a fault puts up."""

FIND = """
pid=$(one "$1"); [[ $pid ]] || exit 0
tc_in() { inside "$pid" bash -c 'tool tc "$@"' tool "$@"; }
link=$(inside "$pid" bash -c 'tool ip -o -4 addr' | awk '$2 != "lo" {print $2; exit}')
"""

# $1: the pod, $2: the handle, $3: the queue. One that the kernel does not know is as good as a missing tool.
PUT_QUEUE = (
    FIND
    + """
[[ $(tc_in qdisc show dev "$link" root) =~ ^qdisc\\ [a-z_]+\\ 0: ]] || { echo "$1 has a queue of its own" >&2; exit 1; }
said=$(tc_in qdisc replace dev "$link" root handle "$2" $3 2>&1) && exit 0
echo "$said" >&2
[[ $said == *"qdisc kind is unknown"* ]] && exit 97
exit 1
"""
)
TAKE_QUEUE = (
    FIND
    + """
tc_in qdisc show dev "$link" root | grep -q " $2 " || exit 0
tc_in qdisc del dev "$link" root
"""
)
SHOW_QUEUE = (
    FIND
    + """
tc_in -s qdisc show dev "$link" root | grep -A 2 " $2 " || true
"""
)


@dataclass(frozen=True, kw_only=True)
class Unshaped(Remedy):
    """The queue of a fault is taken off a pod's link; a pod that is gone took it with it."""

    agent: str
    pod: str
    node: str
    uid: str

    def apply(self, cluster: Cluster) -> None:
        if exists(cluster, self.pod, self.uid):
            with hands(cluster, self.agent) as agent:
                agent.run(self.node, TAKE_QUEUE, self.uid, HANDLE)

    def remains(self, cluster: Cluster) -> str:
        if not exists(cluster, self.pod, self.uid):
            return ""
        with hands(cluster, self.agent) as agent:
            queue = agent.run(self.node, SHOW_QUEUE, self.uid, HANDLE).strip()
        return f"{self.pod} sends through the queue: {queue.splitlines()[0]}" if queue else ""


class Shaped(ByAgent):
    """What pods send passes through a queue of the fault's; proven by the kernel's own description and counters."""

    name = "shaped traffic"

    def __init__(
        self, cluster: Cluster, pods: Sequence[str], *, queue: str, evidence: str, deadline_s: int = DEADLINE_S
    ) -> None:
        super().__init__(cluster, pods, deadline_s=deadline_s)
        self._queue, self._evidence, self._undone = queue, evidence, False

    def undoings(self) -> tuple[Remedy, ...]:
        return tuple(
            Unshaped(agent=self._agent.name, pod=target.pod, node=target.node, uid=target.uid)
            for target in self._targets
        )

    def inject(self) -> None:
        self._undone = False
        for target in self._targets:
            arguments = (target.uid, HANDLE, self._queue)
            self._agent.strike(target.node, *arguments, do=PUT_QUEUE, undo=TAKE_QUEUE, deadline_s=self._deadline_s)

    def proof_of_injection(self) -> dict[str, object] | None:
        """Each queue must be there and have met packets: have held some back, or have let some pass late."""
        if not self._agent.is_there():
            return None
        queues: dict[str, object] = {}
        for target in self._targets:
            lines = self._agent.run(target.node, SHOW_QUEUE, target.uid, HANDLE).splitlines()
            if len(lines) < 2 or not _counter(lines[1], self._evidence):
                return None
            queues[target.pod] = {"queue": lines[0].strip(), "counters": lines[1].strip()}
        return queues

    def proof_of_healing(self) -> dict[str, object] | None:
        self._undone = self._undone or self._is_undone()
        if not (self._undone and self._all_ready()):
            return None
        return {"queues": 0, "ready": list(self.plan())}


class Bandwidth(Shaped):
    """Pods may send so many bits a second and no more (a token bucket); proven by packets that it has held back."""

    name = "narrow bandwidth"

    def __init__(self, cluster: Cluster, pods: Sequence[str], *, kbit_per_s: int, deadline_s: int = DEADLINE_S) -> None:
        if kbit_per_s < 1:
            raise ValueError(f"got kbit_per_s={kbit_per_s}, expected 1 or more")
        queue = f"tbf rate {kbit_per_s}kbit burst 32kb latency 400ms"
        super().__init__(cluster, pods, queue=queue, evidence="overlimits", deadline_s=deadline_s)


class Disturbance(Shaped):
    """What pods send is late, out of order, twice there or damaged (`netem`); Unsupported where the kernel has none.

    Proven by the queue as the kernel describes it and by packets that have passed through it.
    """

    name = "disturbed traffic"

    def __init__(
        self,
        cluster: Cluster,
        pods: Sequence[str],
        *,
        latency_ms: int = 0,
        jitter_ms: int = 0,
        reordered_percent: float = 0,
        duplicated_percent: float = 0,
        corrupted_percent: float = 0,
        deadline_s: int = DEADLINE_S,
    ) -> None:
        if (jitter_ms or reordered_percent) and not latency_ms:
            raise ValueError("got jitter or another order without latency_ms: both are made of packets that are late")
        wanted = {
            f"delay {latency_ms}ms {jitter_ms}ms": latency_ms,
            f"reorder {reordered_percent:g}%": reordered_percent,
            f"duplicate {duplicated_percent:g}%": duplicated_percent,
            f"corrupt {corrupted_percent:g}%": corrupted_percent,
        }
        words = [word for word, amount in wanted.items() if amount]
        if not words:
            raise Inconclusive("nothing of the traffic is to be disturbed")
        super().__init__(cluster, pods, queue=" ".join(["netem", *words]), evidence="Sent", deadline_s=deadline_s)


def _counter(line: str, name: str) -> int:
    """Read one number of ` Sent 4242 bytes 7 pkt (dropped 0, overlimits 12 requeues 0)`."""
    words = line.replace("(", " ").replace(",", " ").split()
    return int(words[words.index(name) + 1]) if name in words else 0
