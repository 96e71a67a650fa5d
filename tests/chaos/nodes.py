"""Nodes whose agents answer as recorded ones did: what each script was seen to write, by what was done before.

The scripts are the contract: one that this file does not know is an error, and what they really do was seen live.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from kubernetes.client.exceptions import ApiException

from chaos.agent import AGENT_OF, PREAMBLE, STRIKE
from chaos.undelivered import LOOK
from harness.cluster.pods import Cluster, Executed

UNDER_TEST = "greenfield"
Answer = Callable[["Nodes", str, tuple[str, ...]], str | Executed | None]
"""What a script does on a node with its arguments, and writes; None when it fails in the plainest way."""


@dataclass
class Namespaces:
    """The namespaces of agents, with the pods in them."""

    nodes: Nodes
    agents: dict[str, list[str]] = field(default_factory=dict)
    refuse_with: int | None = None

    def _refuse(self) -> None:
        if self.refuse_with:
            raise ApiException(status=self.refuse_with, reason="refused")

    def read_namespace(self, name: str) -> object:
        if name not in self.agents:
            raise ApiException(status=404)
        return SimpleNamespace(metadata=SimpleNamespace(name=name, deletion_timestamp=None))

    def create_namespace(self, body: dict[str, Any]) -> None:
        self._refuse()
        assert body["metadata"]["labels"][AGENT_OF] == UNDER_TEST
        if body["metadata"]["name"] in self.agents:
            raise ApiException(status=409)
        self.agents[body["metadata"]["name"]] = []

    def create_namespaced_pod(self, namespace: str, body: dict[str, Any]) -> None:
        assert body["spec"]["nodeName"] == body["metadata"]["name"]
        self.agents[namespace].append(body["metadata"]["name"])

    def delete_namespace(self, name: str) -> None:
        self._refuse()
        if self.agents.pop(name, None) is None:
            raise ApiException(status=404)
        for undo in self.nodes.pending.pop(name, []):
            undo()

    def list_namespace(self, label_selector: str) -> object:
        assert label_selector == f"{AGENT_OF}={UNDER_TEST}"
        return SimpleNamespace(items=[self.read_namespace(name) for name in self.agents])


@dataclass
class Nodes:
    """Three nodes, one broker and one ZooKeeper member on each; `deaf` ones do nothing that an agent is asked for."""

    scripts: dict[str, Answer]
    deaf: bool = False
    pods: dict[str, Any] = field(default_factory=dict)
    unready: set[str] = field(default_factory=set)
    effects: set[tuple[str, ...]] = field(default_factory=set)
    pending: dict[str, list[Callable[[], object]]] = field(default_factory=dict)
    ran: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    connected: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By pod, the other ends of its connections as the kernel writes them, and the states of these."""

    def __post_init__(self) -> None:
        self.namespaces = Namespaces(self)
        for number in range(3):
            self.start(f"kafka-{number}", number)
            self.start(f"zookeeper-{number}", number)

    @property
    def cluster(self) -> Cluster:
        container = SimpleNamespace(image="kafka:1")
        brokers = SimpleNamespace(
            spec=SimpleNamespace(template=SimpleNamespace(spec=SimpleNamespace(containers=[container])))
        )
        connection = SimpleNamespace(
            core=self.namespaces,
            context="testbed",
            apps=SimpleNamespace(read_namespaced_stateful_set=lambda *_: brokers),
        )
        return _Cluster(cast(Any, connection), UNDER_TEST, self)

    def start(self, pod: str, number: int, *, life: int = 1) -> None:
        """Run a pod; another life has other ids."""
        kind = 1 if pod.startswith("kafka") else 2
        state = SimpleNamespace(running=SimpleNamespace(started_at="now"), waiting=None)
        status = SimpleNamespace(container_id=f"containerd://{pod}-c{life}", state=state)
        self.pods[pod] = SimpleNamespace(
            metadata=SimpleNamespace(uid=f"{pod}-uid-{life}"),
            spec=SimpleNamespace(node_name=f"node-{number + 1}"),
            status=SimpleNamespace(
                container_statuses=[status], pod_ip=f"10.0.{kind}.{number}", host_ip=f"10.9.0.{number}"
            ),
        )

    def connections(self, pod: str) -> str:
        """Return what the kernel tells in a pod's network of its connections."""
        lines = ["  sl  local_address rem_address   st tx_queue rx_queue"]
        for number, (peer, state) in enumerate(self.connected.get(pod, [])):
            lines.append(f"{number:4}: 0100007F:2384 {peer}:C350 {state} 00000001:00000000")
        return "\n".join(lines)

    def do(self, agent: str, node: str, script: str, arguments: tuple[str, ...]) -> Executed:
        """Run what an agent is told to, as its bash would."""
        assert node in self.namespaces.agents[agent], f"there is no agent on {node}"
        body = script.removeprefix(PREAMBLE)
        if body == STRIKE:
            seconds, undo, body, *rest = arguments
            assert int(seconds) > 0
            arguments = tuple(rest)
            self.pending.setdefault(agent, []).append(
                lambda: self.scripts[undo.removeprefix(PREAMBLE)](self, node, arguments)
            )
            body = body.removeprefix(PREAMBLE)
            if self.deaf:
                return Executed(command=(), returncode=0, stdout="", stderr="")
        self.ran.append((node, body, arguments))
        wrote = self.scripts[body](self, node, arguments)
        if isinstance(wrote, Executed):
            return wrote
        return Executed(
            command=(), returncode=int(wrote is None), stdout=wrote or "", stderr="" if wrote else "it failed"
        )


@dataclass(frozen=True)
class _Cluster(Cluster):
    nodes: Nodes

    brokers = ("kafka-0", "kafka-1", "kafka-2")
    zookeepers = ("zookeeper-0", "zookeeper-1", "zookeeper-2")

    def pod(self, name: str) -> Any:
        return self.nodes.pods.get(name)

    def is_ready(self, name: str) -> bool:
        if self.namespace == UNDER_TEST:
            return name in self.nodes.pods and name not in self.nodes.unready
        return name in self.nodes.namespaces.agents.get(self.namespace, [])

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float = 30) -> Executed:
        assert timeout_s > 0
        if self.namespace != UNDER_TEST:
            _, _, script, _, *arguments = command
            return self.nodes.do(self.namespace, pod, script, tuple(arguments))
        if tuple(command) == LOOK:
            return Executed(command=tuple(command), returncode=0, stdout=self.nodes.connections(pod), stderr="")
        state = "T (stopped)" if ("paused", f"{pod}-c1") in self.nodes.effects else "S (sleeping)"
        assert command == ["grep", "^State:", "/proc/1/status"]
        return Executed(command=tuple(command), returncode=0, stdout=f"State:\t{state}\n", stderr="")
