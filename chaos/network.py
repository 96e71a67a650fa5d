"""Network faults: chosen pods do not hear each other, or hear each other badly, while everybody else does."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import product

from chaos.agent import DEADLINE_S, Target
from chaos.rules import Rule, RuleFault
from chaos.undelivered import undelivered
from harness.cluster.pods import PORT, Cluster
from harness.verdict import Inconclusive

ZOOKEEPER_PORT = 2181
SILENCE_S = 2.0
"""How long a connection that a partition swallows is waited for."""

# $1: the pod, then addresses with ports. A connection that is refused was answered: that is no partition.
CONNECT = """
pid=$(one "$1"); [[ $pid ]] || exit 0; shift
for peer; do (
  inside "$pid" timeout 2 bash -c ': <>/dev/tcp/'"${peer/://}" 2>/dev/null; code=$?
  case $code in 0) echo "$peer connected" ;; 124) echo "$peer silent" ;; *) echo "$peer refused" ;; esac
) & done; wait
"""


# $1: the pod. The addresses that its packets leave by: a kubelet's probes come from one of them, or from the node.
GATEWAYS = """
pid=$(one "$1"); [[ $pid ]] || { echo "no process of pod $1" >&2; exit 1; }
inside "$pid" bash -c 'tool ip -4 route' | awk '/ via / {print $3}' | sort -u
"""


class Way(Enum):
    """Which packets of a pod are dropped, as the names of the kernel's chains."""

    INTO = ("INPUT",)
    OUT_OF = ("OUTPUT",)
    BOTH = ("INPUT", "OUTPUT")


class Links(RuleFault):
    """Links between pods and their peers, over which packets are dropped, all or by chance."""

    way = Way.BOTH

    def __init__(
        self,
        cluster: Cluster,
        links: Mapping[str, Sequence[str]],
        *,
        probability: float | None = None,
        deadline_s: int = DEADLINE_S,
    ) -> None:
        if not links or not all(links.values()):
            raise Inconclusive(f"there is no link for the {self.name}")
        self._peers = {pod: tuple(Target.of(cluster, peer) for peer in peers) for pod, peers in links.items()}
        rules = {
            pod: tuple(
                Rule(chain=chain, peer=peer.address, probability=probability)
                for peer, chain in product(peers, self.way.value)
            )
            for pod, peers in self._peers.items()
        }
        super().__init__(cluster, rules, deadline_s=deadline_s)

    def plan(self) -> tuple[str, ...]:
        return tuple(f"{pod} | {peer.pod}" for pod, peers in self._peers.items() for peer in peers)

    def _pods(self) -> list[str]:
        return sorted({*self._peers, *(peer.pod for peers in self._peers.values() for peer in peers)})

    def _all_ready(self) -> bool:
        return all(self._cluster.is_ready(pod) for pod in self._pods())

    def _connections(self) -> dict[str, str]:
        """Try every link from inside its pod, and return how each ended."""
        ended: dict[str, str] = {}
        for target in self._targets:
            peers = {f"{peer.address}:{port_of(peer.pod)}": peer.pod for peer in self._peers[target.pod]}
            lines = self._agent.run(target.node, CONNECT, target.uid, *peers).splitlines()
            ended |= {f"{target.pod} | {peers[line.split()[0]]}": line.split()[1] for line in lines}
        return ended

    def proof_of_healing(self) -> dict[str, object] | None:
        if not (self._all_ready() and self._is_all_undone()) or undelivered(self._cluster, self._pods()):
            return None
        return {"rules": 0, "undelivered": 0, "ready": self._pods()}


class Partition(Links):
    """Some pods and their peers do not hear each other (or one side does not hear the other).

    Proven by rules that have dropped packets of each peer, and by connections that get no answer. `way` is seen from
    the pods: INTO drops what the peers send them, OUT_OF what they send the peers.
    """

    name = "partition"

    def __init__(
        self, cluster: Cluster, links: Mapping[str, Sequence[str]], *, way: Way = Way.BOTH, deadline_s: int = DEADLINE_S
    ) -> None:
        self.way = way
        super().__init__(cluster, links, deadline_s=deadline_s)

    def proof_of_injection(self) -> dict[str, object] | None:
        if not self._agent.is_there():
            return None
        connections = self._connections()
        if set(connections) != set(self.plan()) or set(connections.values()) != {"silent"}:
            return None
        dropped = self._dropped()
        return None if dropped is None else {"dropped": dropped, "connections": connections}


class Loss(Links):
    """Packets between pods and their peers are lost by chance, in both directions.

    Proven by what the rules have dropped of each link; links that nobody uses are tried.
    """

    name = "packet loss"

    def __init__(
        self,
        cluster: Cluster,
        links: Mapping[str, Sequence[str]],
        *,
        probability: float,
        deadline_s: int = DEADLINE_S,
    ) -> None:
        if not 0 < probability < 1:
            raise ValueError(f"got probability={probability}, expected more than 0 and less than 1")
        super().__init__(cluster, links, probability=probability, deadline_s=deadline_s)

    def proof_of_injection(self) -> dict[str, object] | None:
        if not self._agent.is_there():
            return None
        dropped = self._dropped()
        if dropped is None:
            self._connections()
            return None
        return {"dropped": dropped}


class ClientsCutOff(RuleFault):
    """One broker is heard by the other brokers and by the kubelet, and by no client.

    Proven by a connection from here, where clients stand, that gets no answer, by what the rule dropped, and by a
    broker that still connects.
    """

    name = "clients cut off from a broker"

    def __init__(self, cluster: Cluster, broker: str, *, deadline_s: int = DEADLINE_S) -> None:
        self._broker = Target.of(cluster, broker)
        self._others = [Target.of(cluster, pod) for pod in cluster.brokers if pod != broker]
        if not self._others:
            raise Inconclusive("there is no other broker, so nobody could tell this from a dead one")
        known = [self._broker, *self._others]
        trusted = ["127.0.0.1", self._broker.host, *(target.address for target in known)]
        dropped = Rule(chain="INPUT", port=PORT)
        super().__init__(cluster, {broker: (dropped, *map(_let_pass, trusted))}, deadline_s=deadline_s)

    def inject(self) -> None:
        gateways = self._agent.run(self._broker.node, GATEWAYS, self._broker.uid).split()
        self._rules = {pod: (*rules, *map(_let_pass, gateways)) for pod, rules in self._rules.items()}
        super().inject()

    def proof_of_injection(self) -> dict[str, object] | None:
        if not self._agent.is_there() or _answers(self._broker.address):
            return None
        dropped = self._dropped()
        peer = self._others[0]
        seen = self._agent.run(peer.node, CONNECT, peer.uid, f"{self._broker.address}:{PORT}").split()
        if dropped is None or seen[1:] != ["connected"]:
            return None
        return {"dropped": dropped, "connections": {"a client": "silent", peer.pod: "connected"}}

    def proof_of_healing(self) -> dict[str, object] | None:
        if not (self._all_ready() and self._is_all_undone() and _answers(self._broker.address)):
            return None
        return {"rules": 0, "a client": "connected"}


def isolated(cluster: Cluster, broker: str) -> dict[str, Sequence[str]]:
    """Return the links whose loss cuts one broker off from all others and from ZooKeeper, though not from clients."""
    return {broker: [pod for pod in (*cluster.brokers, *cluster.zookeepers) if pod != broker]}


def without_zookeeper(cluster: Cluster, broker: str) -> dict[str, Sequence[str]]:
    """Return the links whose loss cuts one broker off from ZooKeeper alone: its peers and clients still reach it."""
    return {broker: cluster.zookeepers}


def bridge(cluster: Cluster, *, over: str) -> dict[str, Sequence[str]]:
    """Return the links whose loss leaves brokers that hear each other only by way of one of them."""
    others = [pod for pod in cluster.brokers if pod != over]
    return {pod: others[number + 1 :] for number, pod in enumerate(others[:-1])}


def ring(cluster: Cluster) -> dict[str, Sequence[str]]:
    """Return the links that, cut one way (into each), leave each broker deaf to the next one: a ring of half-links."""
    brokers = cluster.brokers
    return {pod: [brokers[(number + 1) % len(brokers)]] for number, pod in enumerate(brokers)}


def port_of(pod: str) -> int:
    """Return the port at which a pod serves its clients."""
    return PORT if pod.startswith("kafka-") else ZOOKEEPER_PORT


def _let_pass(address: str) -> Rule:
    return Rule(chain="INPUT", peer=address, port=PORT, action="ACCEPT")


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, PORT), timeout=SILENCE_S):
            return True
    except OSError:
        return False
