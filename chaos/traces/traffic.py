"""What network faults would leave in the network of a pod: rules that drop packets, and queues that slow them down."""

from __future__ import annotations

from typing import ClassVar

from chaos.agent import Agent, Target, agents_of
from chaos.rules import COMMENT
from chaos.shaping import HANDLE
from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

GONE_BUDGET_S = 60.0
SAID = "looked"

# $1: the pod, $2: the comment, $3: the handle.
LOOK = f"""
pid=$(one "$1"); [[ $pid ]] || {{ echo "no process of pod $1" >&2; exit 1; }}
rules=$(inside "$pid" bash -c 'tool iptables-save') || exit
queues=$(inside "$pid" bash -c 'tool tc qdisc show') || exit
grep -- "--comment \\"\\?$2" <<<"$rules"
grep -- " $3 " <<<"$queues"
echo {SAID}
"""


class HamperedTraffic(Trace):
    """Rules and queues of faults in the networks of brokers' and ZooKeeper members' pods.

    To see them takes hands on the nodes: an agent is made for this look and is gone when it is over.
    """

    name = "rules and queues in the networks of pods"
    needs_hands: ClassVar[bool] = True

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        targets = [Target.of(cluster, place.pod) for place in remnants.places(cluster)]
        if not targets:
            return ()
        agent = Agent(cluster, f"{cluster.namespace}-agent-of-the-audit")
        _remove(agent)
        try:
            return tuple(f"{target.pod}: {line}" for target in targets for line in _look(agent, target))
        finally:
            _remove(agent)


def _look(agent: Agent, target: Target) -> list[str]:
    lines = agent.run(target.node, LOOK, target.uid, COMMENT, HANDLE).splitlines()
    if lines[-1:] != [SAID]:
        raise Inconclusive(f"the network of {target.pod} cannot be looked at")
    return lines[:-1]


def _remove(agent: Agent) -> None:
    """Remove the agent and wait until it is gone, also one whose audit was killed: it must not be what is found."""
    agent.remove()
    try:
        wait_until(
            lambda: agent.name not in agents_of(agent.cluster), what=f"{agent.name} going", timeout_s=GONE_BUDGET_S
        )
    except TimedOut as late:
        raise Inconclusive(str(late)) from late
