"""Rules and queues in the networks of pods: seen by an agent that is gone when the look is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kubernetes.client.exceptions import ApiException

from chaos.agent import Agent
from chaos.traces.objects import Agents
from chaos.traces.traffic import LOOK, SAID, HamperedTraffic
from harness.cluster import remnants
from harness.cluster.remnants import Place
from harness.verdict import Inconclusive
from tests.chaos.nodes import Nodes

PODS = ("kafka-0", "zookeeper-2")
RULE = "-A INPUT -s 10.0.1.2/32 -m comment --comment harness-fault-1 -j DROP"


def nodes(says: Callable[[str], str | None] = lambda _: SAID) -> Nodes:
    """Return nodes on which a look at a pod's network is answered so, by the UID of the pod."""
    return Nodes(scripts={LOOK: lambda _, __, arguments: says(arguments[0])})


@pytest.fixture(autouse=True)
def two_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two pods be those of the cluster under test."""
    places = tuple(Place(pod=pod, container="main", mounts=()) for pod in PODS)
    monkeypatch.setattr(remnants, "places", lambda _: places)


def test_what_is_left_is_seen_and_the_agent_is_gone() -> None:
    here = nodes(lambda uid: f"{RULE}\n{SAID}" if uid.startswith("zookeeper") else SAID)
    assert HamperedTraffic().left(here.cluster) == (f"zookeeper-2: {RULE}",)
    assert Agents().left(here.cluster) == ()


def test_every_pod_is_looked_at_on_its_own_node() -> None:
    here = nodes()
    assert HamperedTraffic().left(here.cluster) == ()
    assert [(node, arguments[0]) for node, _, arguments in here.ran] == [
        ("node-1", "kafka-0-uid-1"),
        ("node-3", "zookeeper-2-uid-1"),
    ]


@pytest.mark.parametrize("answer", ["", RULE, None], ids=["nothing", "half", "failed"])
def test_a_look_that_does_not_come_to_its_end_is_no_answer(answer: str | None) -> None:
    here = nodes(lambda _: answer)
    with pytest.raises(Inconclusive):
        HamperedTraffic().left(here.cluster)
    assert Agents().left(here.cluster) == (), "the agent is gone all the same"


def test_where_no_agent_may_be_made_nobody_can_tell() -> None:
    here = nodes()
    here.namespaces.refuse_with = 403
    with pytest.raises(ApiException, match="refused"):
        HamperedTraffic().left(here.cluster)


def test_an_agent_of_an_audit_that_was_killed_is_removed_first() -> None:
    here = nodes()
    here.namespaces.agents["greenfield-agent-of-the-audit"] = ["node-1"]
    assert HamperedTraffic().left(here.cluster) == ()
    assert here.namespaces.agents == {}


def test_agents_that_are_nobodys_are_taken_away_when_the_namespace_is_tidied() -> None:
    here = nodes()
    agent = Agent.new(here.cluster)
    here.namespaces.agents[agent.name] = []
    assert Agents().tidy(here.cluster) == (f"namespace {agent.name}",)
    assert Agents().left(here.cluster) == Agents().tidy(here.cluster) == ()


def test_the_agent_of_a_fault_is_left_alone_and_told() -> None:
    here = nodes()
    agent = Agent.new(here.cluster)
    here.namespaces.agents[agent.name] = []
    assert HamperedTraffic().left(here.cluster) == ()
    assert Agents().left(here.cluster) == (f"namespace {agent.name}",)
