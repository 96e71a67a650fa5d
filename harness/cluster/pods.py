"""The deployed cluster as its users know it: brokers and ZooKeeper members in pods, found by name or by live role."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import testinfra
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from testinfra.host import Host

from harness.cluster.connection import Connection, metadata
from harness.errors import MachineError
from harness.verdict import Inconclusive

KAFKA = "kafka"
ZOOKEEPER = "zookeeper"
PORT = 9092


@dataclass(frozen=True, kw_only=True)
class Executed:
    """What a command in a container did: its exit status and what it wrote."""

    command: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which incarnation of a pod this is: a replaced pod has another UID, a restarted container another start."""

    uid: str
    restarts: int
    started_at: str

    def as_json(self) -> dict[str, object]:
        return {"uid": self.uid, "restarts": self.restarts, "started_at": self.started_at}


def number_of(pod: str) -> int:
    """Return the broker id of a broker's pod, as `Cluster.broker_pod` has it."""
    return int(pod.rpartition("-")[2])


@dataclass(frozen=True)
class Cluster:
    """A deployed Kafka cluster: three StatefulSet pods of each kind in one namespace."""

    connection: Connection
    namespace: str

    @cached_property
    def brokers(self) -> tuple[str, ...]:
        return self._members(KAFKA)

    @cached_property
    def zookeepers(self) -> tuple[str, ...]:
        return self._members(ZOOKEEPER)

    @property
    def bootstrap(self) -> str:
        """The documented broker addresses, comma-separated."""
        return ",".join(f"{self.address(broker)}:{PORT}" for broker in self.brokers)

    def address(self, pod: str) -> str:
        """Return the documented DNS name of a pod."""
        return f"{pod}.{pod.rsplit('-', 1)[0]}.{self.namespace}.svc.cluster.local"

    def broker_pod(self, broker: int) -> str:
        """Return the pod of a broker id; ids are ordinals, which DEP certifies."""
        return f"{KAFKA}-{broker}"

    def environment(self) -> dict[str, str]:
        """Return the environment in which `kubectl` is on PATH and talks to this cluster."""
        return self.connection.environment()

    def _members(self, name: str) -> tuple[str, ...]:
        replicas = self.stateful_set(name).spec.replicas or 0
        return tuple(f"{name}-{ordinal}" for ordinal in range(replicas))

    def stateful_set(self, name: str) -> client.V1StatefulSet:
        return self.connection.apps.read_namespaced_stateful_set(name, self.namespace)

    def replicas(self, stateful_set: str) -> int | None:
        """Return how many pods a StatefulSet is asked for, None where there is no such set."""
        try:
            return self.stateful_set(stateful_set).spec.replicas or 0
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def is_settled(self, stateful_set: str) -> bool:
        """Say whether all pods that a StatefulSet is asked for are ready and of its present template."""
        body = self.stateful_set(stateful_set)
        status, asked = body.status, body.spec.replicas if body.spec else None
        if status is None or (status.observed_generation or 0) < (metadata(body).generation or 0):
            return False
        is_rolled = status.update_revision == status.current_revision or status.updated_replicas == asked
        return is_rolled and (status.ready_replicas or 0) == asked

    def scale(self, stateful_set: str, *, replicas: int) -> None:
        """Ask a StatefulSet for another number of pods."""
        body = {"spec": {"replicas": replicas}}
        self.connection.apps.patch_namespaced_stateful_set_scale(stateful_set, self.namespace, body)

    def patch_stateful_set(self, name: str, patch: dict[str, Any]) -> None:
        """Change a StatefulSet by a strategic merge patch."""
        self.connection.apps.patch_namespaced_stateful_set(name, self.namespace, patch)

    def config_map_of(self, stateful_set: str) -> str:
        """Return the name of the ConfigMap that a StatefulSet mounts."""
        names = [volume.config_map.name for volume in self._volumes(stateful_set) if volume.config_map]
        if len(names) != 1:
            raise Inconclusive(f"StatefulSet {stateful_set} mounts {len(names)} ConfigMaps, expected one: {names}")
        return str(names[0])

    def _volumes(self, stateful_set: str) -> list[client.V1Volume]:
        spec = self.stateful_set(stateful_set).spec.template.spec
        return (spec.volumes if spec else None) or []

    def copy_config_map(self, name: str, copy: str, *, extra: Mapping[str, str]) -> None:
        """Make a ConfigMap with the entries of another one and some more."""
        original = self.connection.core.read_namespaced_config_map(name, self.namespace)
        body = client.V1ConfigMap(
            metadata=client.V1ObjectMeta(name=copy, labels=metadata(original).labels),
            data={**(original.data or {}), **extra},
        )
        self.connection.core.create_namespaced_config_map(self.namespace, body)

    def has_config_map(self, name: str) -> bool:
        try:
            self.connection.core.read_namespaced_config_map(name, self.namespace)
        except ApiException as error:
            if error.status == 404:
                return False
            raise
        return True

    def delete_config_map(self, name: str) -> None:
        """Delete a ConfigMap; one that is not there is fine."""
        try:
            self.connection.core.delete_namespaced_config_map(name, self.namespace)
        except ApiException as error:
            if error.status != 404:
                raise

    def pods_with_config_map(self, name: str) -> tuple[str, ...]:
        """Return the pods that mount a ConfigMap."""
        pods = self.connection.core.list_namespaced_pod(self.namespace).items
        return tuple(
            metadata(pod).name or ""
            for pod in pods
            for volume in (pod.spec.volumes if pod.spec else None) or []
            if volume.config_map and volume.config_map.name == name
        )

    def use_config_map(self, stateful_set: str, *, old: str, new: str) -> None:
        """Let a StatefulSet mount another ConfigMap in place of one, which rolls its pods."""
        volumes = self._volumes(stateful_set)
        (name,) = [volume.name for volume in volumes if volume.config_map and volume.config_map.name == old]
        volume = {"name": name, "configMap": {"name": new}}
        self.patch_stateful_set(stateful_set, {"spec": {"template": {"spec": {"volumes": [volume]}}}})

    def pod(self, name: str) -> client.V1Pod | None:
        """Return a pod, or None while it does not exist."""
        try:
            return self.connection.core.read_namespaced_pod(name, self.namespace)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def node(self, name: str) -> client.V1Node | None:
        """Return a node, or None when there is none of that name."""
        try:
            return self.connection.core.read_node(name)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def _status(self, name: str) -> Mapping[str, Any]:
        """Return a pod as plain JSON, {} while it does not exist.

        Waiting asks this many times a second on a machine that the brokers share; building models costs ten times as
        much as reading JSON.
        """
        try:
            answer: Any = self.connection.core.read_namespaced_pod(name, self.namespace, _preload_content=False)
        except ApiException as error:
            if error.status == 404:
                return {}
            raise
        return dict(json.loads(answer.data))

    def identity(self, name: str) -> Identity | None:
        """Return the incarnation of a pod that exists and whose container has started."""
        pod = self._status(name)
        statuses = pod.get("status", {}).get("containerStatuses", [])
        if not statuses:
            return None
        return Identity(
            uid=pod["metadata"]["uid"],
            restarts=statuses[0]["restartCount"],
            started_at=statuses[0].get("state", {}).get("running", {}).get("startedAt", ""),
        )

    def is_ready(self, name: str) -> bool:
        conditions = self._status(name).get("status", {}).get("conditions", [])
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)

    def all_ready(self) -> bool:
        return all(self.is_ready(pod) for pod in (*self.brokers, *self.zookeepers))

    def delete_pod(self, name: str, *, grace_s: int | None) -> None:
        """Delete a pod: with its own grace period (None) or a forced one (0)."""
        options = client.V1DeleteOptions(grace_period_seconds=grace_s)
        self.connection.core.delete_namespaced_pod(name, self.namespace, body=options)

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float = 30) -> Executed:
        """Run a command in a pod's container; raise Inconclusive when nobody can say what it did."""
        argv = ["kubectl", "exec", pod, "-n", self.namespace, "--context", self.connection.context, "--", *command]
        try:
            done = subprocess.run(
                argv, env=self.environment(), capture_output=True, text=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise Inconclusive(f"{' '.join(command)} in {pod} did not end within {timeout_s:g} s") from late
        return Executed(command=tuple(command), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def logs(self, pod: str, *, previous: bool = False) -> str | None:
        """Return a pod's log, or None when there is no such container (any more)."""
        with contextlib.suppress(ApiException):
            return self.connection.core.read_namespaced_pod_log(pod, self.namespace, previous=previous)
        return None

    def kafka_version(self, broker: str) -> str | None:
        """Return the version that a broker says at its start, as its protocol tells less; None if its log does not.

        The log of a broker that has run for long may be cut at its beginning.
        """
        said = re.search(r"Kafka version: (\S+)", self.logs(broker) or "")
        return said[1] if said else None

    def inside(self, pod: str) -> Host:
        """Return a testinfra host inside a pod's container.

        `kubectl exec` fails with exit code 1, which testinfra's modules read as "no": so a host is handed out only
        after a command is seen to run there. A host is for one incarnation of the pod: ask again after a restart.
        """
        host = testinfra.get_host(
            f"kubectl://{pod}?namespace={self.namespace}",
            kubeconfig=str(self.connection.target.kubeconfig),
            context=self.connection.context,
        )
        probe = host.run("true")
        if probe.rc != 0:
            raise Inconclusive(f"no command runs inside {pod}: {probe.stderr.strip()}")
        return host


def require_kubectl_on_path(connection: Connection) -> None:
    """Raise unless the connection's kubectl can be run; testinfra and the documented commands need it."""
    done = subprocess.run(
        [str(connection.target.kubectl), "version", "--client"], capture_output=True, text=True, timeout=20, check=False
    )
    if done.returncode != 0:
        raise MachineError(
            f"{connection.target.kubectl} does not run: {done.stderr.strip()[:200]}", remedy="install a working kubectl"
        )
