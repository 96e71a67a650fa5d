"""Rules that drop packets in the network of a pod: put there by an agent, counted, and taken out again.

Each rule carries a comment that only its fault has, so that healing takes away its own rules and nobody else's. The
rules live in the network namespace of a pod: they outlive its containers and go with the pod.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise

from chaos.agent import DEADLINE_S, Target, hands
from chaos.by_agent import ByAgent
from harness.cluster.pods import Cluster
from harness.remedies import Remedy
from harness.verdict import Unsupported

COMMENT = "harness-fault"
"""How every rule of every fault is called; a fault's own comment begins with it."""

# $1: the pod, $2: the comment, $3: the arguments of one rule a line.
ADD_RULES = """
pid=$(one "$1"); [[ $pid ]] || { echo "no process of pod $1" >&2; exit 1; }
while read -r -a rule; do
  [[ ${rule[*]} ]] && { inside "$pid" bash -c 'tool iptables -w "$@"' tool "${rule[@]}" || exit; }
done <<<"$3"
"""

# A pod without processes has no network any more, and no rules.
REMOVE_RULES = """
pid=$(one "$1"); [[ $pid ]] || exit 0
tables() { inside "$pid" bash -c 'tool iptables -w "$@"' tool "$@"; }
tables -S | grep -- "--comment $2 " | while read -r _ rule; do tables -D $rule; done
"""
LIST_RULES = """
pid=$(one "$1"); [[ $pid ]] || exit 0
rules=$(inside "$pid" bash -c 'tool iptables-save -c') || exit
grep -- "--comment $2 " <<<"$rules" || true
"""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule in the network of a pod: packets of one direction from or to an address are dropped (or let pass).

    `port` is where they go, `from_port` where they come from; both are ports of the protocol.
    """

    chain: str
    peer: str = ""
    port: int | None = None
    from_port: int | None = None
    protocol: str = "tcp"
    probability: float | None = None
    action: str = "DROP"

    def arguments(self, comment: str) -> str:
        """Return it as arguments of iptables; it goes before whatever rules there are."""
        words = [f"-I {self.chain}"]
        if self.peer:
            words.append(f"{'-s' if self.chain == 'INPUT' else '-d'} {self.peer}/32")
        if self.port is not None:
            words.append(f"-p {self.protocol} --dport {self.port}")
        if self.from_port is not None:
            words.append(f"-p {self.protocol} --sport {self.from_port}")
        if self.probability is not None:
            words.append(f"-m statistic --mode random --probability {self.probability:g}")
        return " ".join([*words, f"-m comment --comment {comment} -j {self.action}"])


@dataclass(frozen=True, kw_only=True)
class Counter:
    """How many packets a rule has met."""

    chain: str
    peer: str
    action: str
    packets: int

    @classmethod
    def read(cls, line: str) -> Counter:
        """Read a line of `iptables-save -c`: `[12:720] -A INPUT -s 10.0.0.1/32 ... -j DROP`."""
        words = line.split()
        peers = [word for flag, word in pairwise(words) if flag in ("-s", "-d")]
        packets = int(words[0][1:].partition(":")[0])
        return cls(chain=words[2], peer=" ".join(peers).partition("/")[0], action=words[-1], packets=packets)


@dataclass(frozen=True, kw_only=True)
class Unblocked(Remedy):
    """The rules of one fault are taken out of a pod's network; a pod that is gone took them with it."""

    agent: str
    pod: str
    node: str
    uid: str
    comment: str

    def apply(self, cluster: Cluster) -> None:
        if exists(cluster, self.pod, self.uid):
            with hands(cluster, self.agent) as agent:
                agent.run(self.node, REMOVE_RULES, self.uid, self.comment)

    def remains(self, cluster: Cluster) -> str:
        if not exists(cluster, self.pod, self.uid):
            return ""
        with hands(cluster, self.agent) as agent:
            rules = agent.run(self.node, LIST_RULES, self.uid, self.comment).splitlines()
        return f"{self.pod} has {len(rules)} rules called {self.comment}" if rules else ""


class RuleFault(ByAgent):
    """What faults by rules share: they are put into the networks of targets, counted there, and taken out again."""

    def __init__(
        self, cluster: Cluster, rules: Mapping[str, tuple[Rule, ...]], *, deadline_s: int = DEADLINE_S
    ) -> None:
        if any(":" in rule.peer for several in rules.values() for rule in several):
            raise Unsupported(f"the {self.name} is made by rules for IPv4, and these pods have other addresses")
        super().__init__(cluster, tuple(rules), deadline_s=deadline_s)
        self._rules = rules
        self._comment = f"{COMMENT}-{self._agent.name.rpartition('-')[2]}"
        self._undone = False

    def undoings(self) -> tuple[Remedy, ...]:
        return tuple(
            Unblocked(agent=self._agent.name, pod=target.pod, node=target.node, uid=target.uid, comment=self._comment)
            for target in self._targets
        )

    def inject(self) -> None:
        self._undone = False
        for target in self._targets:
            lines = "\n".join(rule.arguments(self._comment) for rule in self._rules[target.pod])
            self._agent.strike(
                target.node,
                target.uid,
                self._comment,
                lines,
                do=ADD_RULES,
                undo=REMOVE_RULES,
                deadline_s=self._deadline_s,
            )

    def _counters(self, target: Target) -> list[Counter]:
        text = self._agent.run(target.node, LIST_RULES, target.uid, self._comment)
        return [Counter.read(line) for line in text.splitlines()]

    def _dropped(self) -> dict[str, list[dict[str, object]]] | None:
        """Return what the rules have dropped by pod, or None unless all are there and each peer has met one.

        Not each rule: where a pod's own packets are dropped, a peer that waits to be asked sends none to be dropped.
        """
        found: dict[str, list[dict[str, object]]] = {}
        for target in self._targets:
            wanted = [rule.peer for rule in self._rules[target.pod] if rule.action == "DROP"]
            dropping = [one for one in self._counters(target) if one.action == "DROP"]
            if len(dropping) < len(wanted) or {one.peer for one in dropping if one.packets > 0} != set(wanted):
                return None
            found[target.pod] = [asdict(one) for one in dropping]
        return found

    def _is_all_undone(self) -> bool:
        """Look until nothing is left, and then no more: a look may take an agent of its own."""
        self._undone = self._undone or self._is_undone()
        return self._undone


def exists(cluster: Cluster, pod: str, uid: str) -> bool:
    """Say whether a pod is still the one with this UID: another one has another network."""
    found = cluster.pod(pod)
    return found is not None and found.metadata is not None and found.metadata.uid == uid
