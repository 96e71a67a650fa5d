"""The headless Service is deleted and made again; as long as a name is known, it is not gone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from chaos import naming
from chaos.naming import ServiceDeleted
from harness.cluster.pods import Cluster
from harness.remedies import remedy_of
from harness.verdict import Inconclusive


class Services:
    """The Services of a namespace, and the names that are known by them; `stale` ones stay known."""

    def __init__(self) -> None:
        self.stale = False
        self.held: dict[str, Any] = {"kafka": _headless()}
        self.core = self

    @property
    def cluster(self) -> Cluster:
        return Cluster(cast(Any, SimpleNamespace(core=self, context="testbed")), "greenfield")

    def read_namespaced_service(self, name: str, namespace: str) -> Any:
        assert namespace == "greenfield"
        if name not in self.held:
            raise ApiException(status=404)
        return self.held[name]

    def delete_namespaced_service(self, name: str, _: str) -> None:
        del self.held[name]

    def create_namespaced_service(self, _: str, body: dict[str, Any]) -> None:
        if body["metadata"]["name"] in self.held:
            raise ApiException(status=409)
        self.held[body["metadata"]["name"]] = body

    def resolves(self, name: str) -> bool:
        assert name.endswith(".kafka.greenfield.svc.cluster.local")
        return self.stale or "kafka" in self.held


def _headless() -> client.V1Service:
    return client.V1Service(
        metadata=client.V1ObjectMeta(name="kafka", labels={"a": "b"}, uid="u-1", resource_version="7"),
        spec=client.V1ServiceSpec(
            cluster_ip="None", publish_not_ready_addresses=True, ports=[client.V1ServicePort(name="kafka", port=9092)]
        ),
    )


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    """Three brokers whose names are known while their Service is there."""
    made = Services()
    monkeypatch.setattr(naming, "_resolves", made.resolves)
    monkeypatch.setattr(Cluster, "_members", lambda _, name: tuple(f"{name}-{number}" for number in range(3)))
    return made


def test_a_deleted_service_is_proven_and_made_again_as_it_was(services: Services) -> None:
    fault = ServiceDeleted(services.cluster)
    assert fault.plan() == ("Service kafka",)
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {"service": None, "names_known": []}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert services.held["kafka"] == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kafka", "labels": {"a": "b"}},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "ports": [{"name": "kafka", "port": 9092}],
        },
    }
    proof = fault.proof_of_healing()
    assert proof is not None
    assert len(cast(list[str], proof["names_known"])) == 3


def test_names_that_are_still_known_prove_nothing(services: Services) -> None:
    fault = ServiceDeleted(services.cluster)
    fault.inject()
    services.stale = True
    assert fault.proof_of_injection() is None


def test_a_service_without_its_names_is_not_healed(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = ServiceDeleted(services.cluster)
    fault.inject()
    fault.heal()
    monkeypatch.setattr(naming, "_resolves", lambda name: name.startswith("kafka-0"))
    assert fault.proof_of_healing() is None


def test_another_machine_makes_it_again_from_what_is_journalled(services: Services) -> None:
    fault = ServiceDeleted(services.cluster)
    (remedy,) = [remedy_of(remedy.as_json()) for remedy in fault.remedies()]
    fault.inject()
    assert remedy.remains(services.cluster) == "there is no Service kafka"
    remedy.apply(services.cluster)
    assert remedy.remains(services.cluster) == ""


def test_a_service_that_is_not_there_cannot_be_deleted(services: Services) -> None:
    services.held.clear()
    with pytest.raises(Inconclusive, match="there is no Service kafka"):
        ServiceDeleted(services.cluster)


def test_an_api_server_that_refuses_has_not_said_that_it_is_gone(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = ServiceDeleted(services.cluster)

    def refuse(*_: object) -> None:
        raise ApiException(status=403)

    monkeypatch.setattr(services, "read_namespaced_service", refuse)
    with pytest.raises(ApiException):
        fault.proof_of_injection()
