"""What a remedy and a rest ask of the cluster: replicas, rolls, ConfigMaps; a refusal is never taken for an absence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster.connection import Connection
from harness.cluster.pods import Cluster
from tests.chaos.world import named, pod
from tests.cluster.fakes import NAMESPACE, FakeList


@dataclass
class State:
    """One StatefulSet of brokers, the namespace's ConfigMaps, and what the server answers instead, if anything."""

    body: client.V1StatefulSet | None = None
    config_maps: set[str] = field(default_factory=lambda: {"kafka"})
    refuses_with: int | None = None

    @property
    def cluster(self) -> Cluster:
        return Cluster(cast(Connection, self), NAMESPACE)

    @property
    def core(self) -> State:
        return self

    apps = core

    def _require(self, there: object) -> None:
        if self.refuses_with or not there:
            raise ApiException(status=self.refuses_with or 404, reason="refused")

    def read_namespaced_stateful_set(self, name: str, namespace: str) -> client.V1StatefulSet:
        assert (name, namespace) == ("kafka", NAMESPACE)
        self._require(self.body)
        assert self.body is not None
        return self.body

    def read_namespaced_config_map(self, name: str, _: str) -> None:
        self._require(name in self.config_maps)

    def delete_namespaced_config_map(self, name: str, _: str) -> None:
        self._require(name in self.config_maps)
        self.config_maps.remove(name)

    def list_namespaced_pod(self, _: str) -> FakeList:
        return FakeList([pod("kafka-0"), named(client.V1Pod, "bare")])


SETTLED: dict[str, Any] = {
    "observed_generation": 2,
    "current_revision": "a",
    "update_revision": "a",
    "updated_replicas": 3,
    "ready_replicas": 3,
}


def brokers(**status: object) -> State:
    """Make a StatefulSet of three brokers that is settled but for this."""
    spec = client.V1StatefulSetSpec(
        selector=client.V1LabelSelector(), service_name="kafka", template=client.V1PodTemplateSpec(), replicas=3
    )
    body = named(client.V1StatefulSet, "kafka", spec=spec)
    body.metadata.generation = 2
    body.status = client.V1StatefulSetStatus(replicas=3, **{**SETTLED, **status})
    return State(body=body)


@pytest.mark.parametrize("status", [{}, {"update_revision": "b"}, {"observed_generation": 3}], ids=str)
def test_a_set_whose_pods_are_all_ready_and_new_is_settled(status: dict[str, object]) -> None:
    assert brokers(**status).cluster.is_settled("kafka")


@pytest.mark.parametrize(
    "status",
    [
        {"ready_replicas": 2},
        {"ready_replicas": None},
        {"observed_generation": 1},
        {"observed_generation": None},
        {"update_revision": "b", "updated_replicas": 1},
        {"ready_replicas": 4},
    ],
    ids=str,
)
def test_a_set_on_its_way_is_not(status: dict[str, object]) -> None:
    assert not brokers(**status).cluster.is_settled("kafka")


def test_a_set_is_asked_for_some_pods_or_there_is_none() -> None:
    assert brokers().cluster.replicas("kafka") == 3
    assert State().cluster.replicas("kafka") is None


def test_a_config_map_is_there_or_not_and_deleting_it_may_be_repeated() -> None:
    state = State()
    assert state.cluster.has_config_map("kafka")
    state.cluster.delete_config_map("kafka")
    state.cluster.delete_config_map("kafka")
    assert not state.cluster.has_config_map("kafka")


def test_the_pods_that_mount_a_config_map_are_known() -> None:
    assert State().cluster.pods_with_config_map("kafka") == ("kafka-0",)
    assert State().cluster.pods_with_config_map("another") == ()


@pytest.mark.parametrize(
    "ask",
    [
        lambda cluster: cluster.replicas("kafka"),
        lambda cluster: cluster.is_settled("kafka"),
        lambda cluster: cluster.has_config_map("kafka"),
        lambda cluster: cluster.delete_config_map("kafka"),
    ],
    ids=["replicas", "settled", "has", "delete"],
)
def test_a_refusal_is_not_taken_for_an_absence(ask: Callable[[Cluster], object]) -> None:
    with pytest.raises(ApiException):
        ask(replace(brokers(), refuses_with=403).cluster)
