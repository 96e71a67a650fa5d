"""Node faults: a drain is proven by evicted pods, by the cordon, and by the disruption budget's refusal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from chaos.node import Drain, evict
from harness.remedies import remedy_of
from harness.verdict import Inconclusive
from tests.chaos.nodes import Nodes


class Api:
    """Nodes that can be cordoned and pods that can be evicted, one of a kind at a time."""

    def __init__(self, world: Nodes, *, deaf: bool = False, has_budget: bool = True) -> None:
        self.world, self.deaf, self.has_budget = world, deaf, has_budget
        self.cordoned: dict[str, bool] = {f"node-{number}": False for number in (1, 2, 3)}
        self.away: set[str] = set()
        self.cluster = world.cluster
        object.__setattr__(self.cluster.connection, "core", self)

    def read_node(self, name: str) -> Any:
        if name not in self.cordoned:
            raise ApiException(status=404)
        return SimpleNamespace(spec=SimpleNamespace(unschedulable=self.cordoned[name] or None))

    def patch_node(self, name: str, patch: dict[str, Any]) -> None:
        if not self.deaf:
            self.cordoned[name] = bool(patch["spec"]["unschedulable"])

    def create_namespaced_pod_eviction(self, pod: str, namespace: str, body: Any, dry_run: str | None) -> None:
        assert (namespace, body["metadata"]["name"]) == ("greenfield", pod)
        kind = pod.partition("-")[0]
        if self.has_budget and any(other.startswith(kind) for other in self.away):
            raise ApiException(status=429, reason="Too Many Requests")
        if not self.deaf and dry_run is None:
            self.away.add(pod)
            self.world.start(pod, int(pod[-1]), life=2)
            self.world.unready.add(pod)

    def settle(self) -> None:
        """Let the evicted pods run again."""
        self.away.clear()
        self.world.unready.clear()


def test_a_drain_is_proven_and_then_proven_undone() -> None:
    api = Api(Nodes({}))
    fault = Drain(api.cluster, "kafka-1")
    assert fault.plan() == ("node-2", "kafka-1", "zookeeper-1")
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {
        "cordoned": "node-2",
        "evicted": {"kafka-1": "kafka-1-uid-1", "zookeeper-1": "zookeeper-1-uid-1"},
        "refused": {"kafka-0": "429 Too Many Requests"},
    }
    assert api.away == {"kafka-1", "zookeeper-1"}, "the other broker is only asked for"
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    api.settle()
    assert fault.proof_of_healing() == {"schedulable": "node-2", "ready": ["kafka-1", "zookeeper-1"]}


def test_a_drain_that_was_only_asked_for_is_not_proven() -> None:
    api = Api(Nodes({}), deaf=True)
    fault = Drain(api.cluster, "kafka-1")
    fault.inject()
    assert fault.proof_of_injection() is None


def test_without_a_budget_that_holds_a_drain_proves_nothing_and_evicts_nobody_else() -> None:
    api = Api(Nodes({}), has_budget=False)
    fault = Drain(api.cluster, "kafka-1")
    fault.inject()
    assert fault.proof_of_injection() is None
    assert "kafka-0" not in api.away


def test_another_machine_heals_from_what_is_journalled() -> None:
    api = Api(Nodes({}))
    fault = Drain(api.cluster, "kafka-1")
    (line,) = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    remedy = remedy_of(line)
    assert remedy.remains(api.cluster) == "node node-2 is cordoned"
    remedy.apply(api.cluster)
    assert remedy.remains(api.cluster) == ""


def test_a_node_that_is_gone_is_not_cordoned() -> None:
    api = Api(Nodes({}))
    remedy = Drain(api.cluster, "kafka-1").remedies()[0]
    del api.cordoned["node-2"]
    remedy.apply(api.cluster)
    assert remedy.remains(api.cluster) == ""


def test_a_cordon_of_somebody_else_is_left_alone() -> None:
    api = Api(Nodes({}))
    api.cordoned["node-2"] = True
    with pytest.raises(Inconclusive, match="node-2 is cordoned already"):
        Drain(api.cluster, "kafka-1")


def test_a_refusal_for_another_reason_is_an_error() -> None:
    api = Api(Nodes({}))

    def refuse(*_: object, **__: object) -> None:
        raise ApiException(status=403, reason="Forbidden")

    object.__setattr__(api, "create_namespaced_pod_eviction", refuse)
    with pytest.raises(ApiException, match="403"):
        evict(api.cluster, "kafka-1")
