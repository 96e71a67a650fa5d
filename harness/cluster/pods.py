"""The deployed cluster as its users know it: brokers and ZooKeeper members in pods, found by name or by live role."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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

    def pod(self, name: str) -> client.V1Pod | None:
        """Return a pod, or None while it does not exist."""
        try:
            return self.connection.core.read_namespaced_pod(name, self.namespace)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def identity(self, name: str) -> Identity | None:
        """Return the incarnation of a pod that exists and whose container has started."""
        pod = self.pod(name)
        statuses = (pod.status.container_statuses if pod and pod.status else None) or []
        if pod is None or not statuses:
            return None
        running = statuses[0].state.running if statuses[0].state else None
        return Identity(
            uid=metadata(pod).uid or "",
            restarts=statuses[0].restart_count,
            started_at=str(running.started_at) if running else "",
        )

    def is_ready(self, name: str) -> bool:
        pod = self.pod(name)
        conditions = (pod.status.conditions if pod and pod.status else None) or []
        return any(condition.type == "Ready" and condition.status == "True" for condition in conditions)

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
