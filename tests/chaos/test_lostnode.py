"""Lost nodes: proven by a node that says nothing, and by whether its broker still answers; back by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from chaos.lostnode import CUT_OFF, GO_ON, JOIN, POWER_OFF, STOP, KubeletStopped, LostNode, NodeCutOff, NodePowerOff
from chaos.undelivered import LOOK
from harness.cluster.pods import Cluster, Executed
from harness.remedies import remedy_of
from harness.verdict import Inconclusive
from tests.chaos.nodes import Namespaces, Nodes


@dataclass(frozen=True)
class Reached(Cluster):
    """A cluster whose nodes are reached, or not, as the world says."""

    world: World

    brokers = ("kafka-0", "kafka-1", "kafka-2")
    zookeepers = ()

    def pod(self, name: str) -> Any:
        return self.world.pods.get(name)

    def is_ready(self, name: str) -> bool:
        if self.namespace == "greenfield":
            return not self.world.is_unknown
        return name in self.world.namespaces.agents.get(self.namespace, [])

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float = 30) -> Executed:
        if self.namespace != "greenfield":
            _, _, script, _, *arguments = command
            return self.world.do(self.namespace, pod, script, tuple(arguments))
        if list(command) == ["true"]:
            if self.world.is_lost:
                raise Inconclusive(f"true in {pod} did not end within {timeout_s:g} s")
            return Executed(command=tuple(command), returncode=0, stdout="", stderr="")
        if tuple(command) == LOOK:
            return Executed(command=LOOK, returncode=0, stdout=self.world.connections(pod), stderr="")
        assert command[:2] == ["timeout", "2"]
        assert pod != "kafka-1", "the broker on the lost node is asked by another one"
        code = 124 if self.world.is_silent else 0
        return Executed(command=tuple(command), returncode=code, stdout="", stderr="")


class Api(Namespaces):
    """Namespaces of agents, and the condition of node-2."""

    def read_node(self, name: str) -> Any:
        world = self.nodes
        assert isinstance(world, World)
        if world.is_gone:
            raise ApiException(status=404)
        status = "Unknown" if name == "node-2" and world.is_unknown else "True"
        ready = SimpleNamespace(type="Ready", status=status, last_transition_time="now")
        return SimpleNamespace(status=SimpleNamespace(conditions=[SimpleNamespace(type="Other"), ready]))


@dataclass
class World(Nodes):
    """Nodes of which node-2 is lost, from a strike until its agent undoes it."""

    is_lost: bool = False
    is_unknown: bool = False
    is_silent: bool = False
    is_gone: bool = False
    undone: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.namespaces: Any = Api(self)

    @property
    def cluster(self) -> Cluster:
        return Reached(super().cluster.connection, "greenfield", self)

    def strike(self) -> None:
        self.is_lost = True

    def pass_the_deadline(self) -> None:
        """Let the agent undo what it did, and the node be heard of."""
        for undo in [undo for undoings in self.pending.values() for undo in undoings]:
            undo()
        self.is_lost = self.is_unknown = self.is_silent = False


def world(*, deaf: bool = False) -> World:
    def strike(nodes: Nodes, *_: object) -> str:
        assert isinstance(nodes, World)
        nodes.strike()
        return "4711"

    def undo(nodes: Nodes, *_: object) -> str:
        assert isinstance(nodes, World)
        nodes.undone.append("undone")
        return ""

    return World({STOP: strike, CUT_OFF: strike, POWER_OFF: strike, GO_ON: undo, JOIN: undo}, deaf=deaf)


@pytest.mark.parametrize(("kind", "is_silent"), [(KubeletStopped, False), (NodeCutOff, True), (NodePowerOff, True)])
def test_a_lost_node_is_proven_comes_back_and_its_agent_goes(kind: type[LostNode], is_silent: bool) -> None:
    seen = world()
    fault = kind(seen.cluster, "kafka-1")
    assert fault.plan()[:2] == ("node-2", "kafka-1")
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() is None, "nobody has missed the node yet"
    seen.is_unknown, seen.is_silent = True, is_silent
    proof = fault.proof_of_injection()
    assert proof is not None
    assert proof["kafka-1 answers kafka-0"] is not is_silent
    fault.heal()
    assert fault.proof_of_healing() is None
    assert seen.namespaces.agents, "the agent stays as long as it has something to undo"
    seen.pass_the_deadline()
    healed = fault.proof_of_healing()
    assert healed is not None
    assert healed.items() >= {"node": "node-2", "ready": "True", "pod": "kafka-1"}.items()
    assert seen.undone
    assert seen.namespaces.agents == {}


def test_a_node_that_was_cut_off_is_not_healed_while_something_old_is_under_way() -> None:
    seen = world()
    fault = NodeCutOff(seen.cluster, "kafka-1")
    fault.inject()
    seen.is_unknown = seen.is_silent = True
    assert fault.proof_of_injection() is not None
    seen.pass_the_deadline()
    seen.connected["kafka-0"] = [("0101000A", "04")]
    assert fault.proof_of_healing() is None
    seen.connected.clear()
    assert fault.proof_of_healing() == {"node": "node-2", "ready": "True", "pod": "kafka-1", "undelivered": 0}


@pytest.mark.parametrize(("kind", "is_silent"), [(KubeletStopped, True), (NodeCutOff, False), (NodePowerOff, False)])
def test_one_of_them_is_never_taken_for_the_other(kind: type[LostNode], is_silent: bool) -> None:
    seen = world()
    fault = kind(seen.cluster, "kafka-1")
    fault.inject()
    seen.is_unknown, seen.is_silent = True, is_silent
    assert fault.proof_of_injection() is None


@pytest.mark.parametrize("kind", [KubeletStopped, NodeCutOff, NodePowerOff])
def test_what_was_only_asked_for_is_not_proven(kind: type[LostNode]) -> None:
    fault = kind(world(deaf=True).cluster, "kafka-1")
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_node_that_is_still_called_ready_but_does_not_answer_is_not_clean() -> None:
    seen = world()
    fault = KubeletStopped(seen.cluster, "kafka-1")
    answers, _ = (remedy_of(remedy.as_json()) for remedy in fault.remedies())
    assert answers.remains(seen.cluster) == ""
    fault.inject()
    assert answers.remains(seen.cluster) == "the kubelet of node-2 does not answer"
    seen.is_unknown = True
    assert "its agent undoes that at its deadline" in answers.remains(seen.cluster)
    seen.pass_the_deadline()
    assert answers.remains(seen.cluster) == ""


def test_a_node_that_is_gone_is_nothing_to_wait_for() -> None:
    seen = world()
    fault = KubeletStopped(seen.cluster, "kafka-1")
    seen.is_gone = True
    seen.pods.pop("kafka-1")
    assert fault.remedies()[0].remains(seen.cluster) == ""


def test_a_cluster_on_one_node_has_nobody_to_see_it_lost() -> None:
    seen = world()
    for pod in ("kafka-0", "kafka-2"):
        seen.pods[pod].spec.node_name = "node-2"
    with pytest.raises(Inconclusive, match="every broker is on node-2"):
        NodeCutOff(seen.cluster, "kafka-1")
