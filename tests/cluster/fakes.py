"""Fakes: the few objects of a Kubernetes API that the harness touches, in memory. They certify nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster.connection import Connection
from harness.cluster.pods import Cluster, Executed, Identity

NAMESPACE = "greenfield"


class FakeLeases:
    """One namespace's Lease objects, with the versions by which an API server lets only one of two writers pass."""

    def __init__(self) -> None:
        self.stored: client.V1Lease | None = None
        self.before_write: Callable[[], None] = lambda: None
        """What another client does between somebody's read and the write that follows it."""
        self._version = 0

    def put(self, lease: client.V1Lease) -> None:
        """Store a lease, as any client of the API server could."""
        self._version += 1
        self.stored = copy.deepcopy(lease)
        assert self.stored.metadata is not None
        self.stored.metadata.resource_version = str(self._version)

    def _other_writers_go_first(self) -> None:
        other, self.before_write = self.before_write, lambda: None
        other()

    def _present(self) -> client.V1Lease:
        if self.stored is None:
            raise ApiException(status=404, reason="Not Found")
        return self.stored

    def _check(self, version: str | None) -> None:
        present = self._present().metadata
        if version is not None and present is not None and version != present.resource_version:
            raise ApiException(status=409, reason="Conflict")

    def read_namespaced_lease(self, name: str, namespace: str) -> client.V1Lease:
        assert (name, namespace) == ("greenfield-harness", NAMESPACE)
        return copy.deepcopy(self._present())

    def create_namespaced_lease(self, namespace: str, body: client.V1Lease) -> None:
        assert namespace == NAMESPACE
        self._other_writers_go_first()
        if self.stored is not None:
            raise ApiException(status=409, reason="Conflict")
        self.put(body)

    def replace_namespaced_lease(self, _: str, namespace: str, body: client.V1Lease) -> None:
        assert namespace == NAMESPACE
        self._other_writers_go_first()
        self._check(body.metadata.resource_version if body.metadata else None)
        self.put(body)

    def patch_namespaced_lease(self, _: str, namespace: str, body: Mapping[str, Any]) -> client.V1Lease:
        assert namespace == NAMESPACE
        self._check(body.get("metadata", {}).get("resourceVersion"))
        lease = self._present()
        assert lease.spec is not None
        lease.spec.renew_time = datetime.fromisoformat(body["spec"]["renewTime"])
        self.put(lease)
        return copy.deepcopy(self._present())

    def delete_namespaced_lease(self, _: str, namespace: str) -> None:
        assert namespace == NAMESPACE
        self._present()
        self.stored = None


class FakeCore:
    """Namespaces by name, each with its labels, and ConfigMaps; a name in `forbidden` may not be looked at."""

    def __init__(self, namespaces: Mapping[str, Mapping[str, str] | None], *, forbidden: Sequence[str] = ()) -> None:
        self._namespaces, self._forbidden = namespaces, forbidden
        self.config_maps: dict[str, client.V1ConfigMap] = {}
        self.before_write: Callable[[], None] = lambda: None
        """What happens just before a ConfigMap is written; whatever it raises is the server's answer."""

    def read_namespace(self, name: str, *, _request_timeout: float = 10) -> client.V1Namespace:
        assert _request_timeout > 0
        if name in self._forbidden:
            raise ApiException(status=403, reason="Forbidden")
        if name not in self._namespaces:
            raise ApiException(status=404, reason="Not Found")
        labels = self._namespaces[name]
        return client.V1Namespace(
            metadata=client.V1ObjectMeta(name=name, uid=f"uid-of-{name}", labels=dict(labels) if labels else None)
        )

    def patch_namespaced_config_map(
        self, name: str, namespace: str, patch: Mapping[str, Any], *, _request_timeout: float
    ) -> None:
        assert namespace == NAMESPACE
        assert _request_timeout > 0
        self.before_write()
        if name not in self.config_maps:
            raise ApiException(status=404, reason="Not Found")
        stored = self.config_maps[name]
        stored.data = {**(stored.data or {}), **patch["data"]}

    def create_namespaced_config_map(
        self, namespace: str, body: client.V1ConfigMap, *, _request_timeout: float
    ) -> None:
        assert namespace == NAMESPACE
        assert _request_timeout > 0
        self.before_write()
        assert body.metadata is not None
        self.config_maps[body.metadata.name or ""] = copy.deepcopy(body)

    def list_namespaced_config_map(self, namespace: str, *, label_selector: str, _request_timeout: float) -> FakeList:
        assert namespace == NAMESPACE
        assert _request_timeout > 0
        name, _, value = label_selector.partition("=")
        stored = [copy.deepcopy(body) for body in self.config_maps.values()]
        return FakeList(
            [body for body in stored if ((body.metadata and body.metadata.labels) or {}).get(name) == value]
        )

    def delete_namespaced_config_map(self, name: str, namespace: str) -> None:
        assert namespace == NAMESPACE
        del self.config_maps[name]


@dataclass
class FakeList:
    """What a list call answers."""

    items: Sequence[object]


class FakeApps:
    """The workloads of the namespace: by kind, each a name and its labels."""

    def __init__(self, **workloads: Mapping[str, Mapping[str, str] | None]) -> None:
        self._workloads = workloads

    def _list(self, kind: str) -> FakeList:
        found = self._workloads.get(kind, {}).items()
        metas = [client.V1ObjectMeta(name=name, labels=dict(labels) if labels else None) for name, labels in found]
        return FakeList([client.V1Namespace(metadata=meta) for meta in metas])  # only the metadata is looked at

    def list_namespaced_stateful_set(self, _: str) -> FakeList:
        return self._list("stateful_set")

    def list_namespaced_deployment(self, _: str) -> FakeList:
        return self._list("deployment")

    def list_namespaced_daemon_set(self, _: str) -> FakeList:
        return self._list("daemon_set")


@dataclass
class FakeApi:
    """Stands in for a connection to an API server; a call that nothing here answers is an error."""

    core: FakeCore = field(default_factory=lambda: FakeCore({}))
    apps: FakeApps = field(default_factory=FakeApps)
    leases: FakeLeases = field(default_factory=FakeLeases)

    @property
    def connection(self) -> Connection:
        return cast(Connection, self)


class FakeCluster:
    """Pods as identities that change only when a fault makes them; with `deaf` nothing that is asked for happens."""

    def __init__(self, *, brokers: int = 3, deaf: bool = False) -> None:
        self.brokers = tuple(f"kafka-{ordinal}" for ordinal in range(brokers))
        self.deaf = deaf
        self.pods: dict[str, Identity] = {
            pod: Identity(uid=f"{pod}/1", restarts=0, started_at="1") for pod in self.brokers
        }
        self.unready: set[str] = set()
        self.asked: int | None = brokers
        self.mounted = "kafka-abc"
        self.config_maps = {"kafka-abc"}

    @property
    def cluster(self) -> Cluster:
        return cast(Cluster, self)

    def replace(self, pod: str) -> None:
        """Make another pod of the same name, as a StatefulSet does."""
        number = int(self.pods[pod].uid.split("/")[1]) + 1
        self.pods[pod] = Identity(uid=f"{pod}/{number}", restarts=0, started_at=str(number))

    def restart(self, pod: str) -> None:
        """Start the container again in the same pod."""
        was = self.pods[pod]
        self.pods[pod] = Identity(uid=was.uid, restarts=was.restarts + 1, started_at="later")

    def identity(self, pod: str) -> Identity | None:
        return self.pods.get(pod)

    def pod(self, pod: str) -> Identity | None:
        return self.pods.get(pod)

    def is_ready(self, pod: str) -> bool:
        return pod in self.pods and pod not in self.unready

    def delete_pod(self, pod: str, *, grace_s: int | None) -> None:
        assert grace_s in (None, 0)
        if not self.deaf:
            self.replace(pod)

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float = 30) -> Executed:
        assert timeout_s > 0
        if not self.deaf:
            self.restart(pod)
        return Executed(command=tuple(command), returncode=139, stdout="", stderr="")

    def patch_stateful_set(self, name: str, patch: Mapping[str, Any]) -> None:
        assert name == "kafka"
        assert patch["spec"]["template"], "only a changed template makes a StatefulSet roll"
        if not self.deaf:
            for pod in self.brokers:
                self.replace(pod)

    def config_map_of(self, _: str) -> str:
        return self.mounted

    def copy_config_map(self, name: str, copied: str, *, extra: Mapping[str, str]) -> None:
        assert name != copied
        assert extra
        self.config_maps.add(copied)

    def use_config_map(self, name: str, *, old: str, new: str) -> None:
        assert old == self.mounted != new
        if not self.deaf:
            self.mounted = new
        self.patch_stateful_set(name, {"spec": {"template": {"volumes": [new]}}})

    def has_config_map(self, name: str) -> bool:
        return name in self.config_maps

    def pods_with_config_map(self, name: str) -> tuple[str, ...]:
        return self.brokers if self.mounted == name else ()

    def delete_config_map(self, name: str) -> None:
        self.config_maps.discard(name)

    def replicas(self, stateful_set: str) -> int | None:
        assert stateful_set == "kafka"
        return self.asked

    def scale(self, name: str, *, replicas: int) -> None:
        assert name == "kafka"
        if self.deaf:
            return
        self.asked = replicas
        for ordinal, pod in enumerate(self.brokers):
            if ordinal >= replicas:
                self.pods.pop(pod, None)
            elif pod not in self.pods:
                self.pods[pod] = Identity(uid=f"{pod}/9", restarts=0, started_at="9")
