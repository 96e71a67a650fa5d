"""A world for the audit: a namespace of healthy brokers and ZooKeeper members, to which a test does something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster.pods import Cluster, Executed
from harness.cluster.safety import DECLARED_ANNOTATION
from tests.cluster.fakes import NAMESPACE, FakeList

PODS = tuple(f"{kind}-{number}" for kind in ("kafka", "zookeeper") for number in range(3))
RUNNING = "Name:\tjava\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t1\n"
PAUSED = RUNNING.replace("S (sleeping)", "T (stopped)")


def named(kind: Callable[..., Any], name: str, *, labels: Mapping[str, str] | None = None, **fields: object) -> Any:
    """Make an object of the Kubernetes API with a name in the namespace."""
    meta = client.V1ObjectMeta(name=name, namespace=NAMESPACE, labels=dict(labels or {}))
    return kind(metadata=meta, **fields)


def pod(name: str) -> client.V1Pod:
    """Make a pod that runs, with a claimed volume, a folder of its own and a ConfigMap."""
    volumes = [
        client.V1Volume(
            name="data", persistent_volume_claim=client.V1PersistentVolumeClaimVolumeSource(claim_name=f"data-{name}")
        ),
        client.V1Volume(name="tmp", empty_dir=client.V1EmptyDirVolumeSource()),
        client.V1Volume(name="config", config_map=client.V1ConfigMapVolumeSource(name="kafka")),
    ]
    mounts = [
        client.V1VolumeMount(name=volume, mount_path=path)
        for volume, path in {"data": "/var/lib/data", "tmp": "/tmp", "config": "/etc/greenfield"}.items()
    ]
    container = client.V1Container(name=name.split("-")[0], volume_mounts=mounts)
    spec = client.V1PodSpec(containers=[container], volumes=volumes)
    return cast(client.V1Pod, named(client.V1Pod, name, spec=spec, status=client.V1PodStatus(phase="Running")))


def stateful_set(name: str, *, asked: int, declared: str | None = "3") -> client.V1StatefulSet:
    """Make a StatefulSet that is asked for some pods, and at which it may be noted how many were declared."""
    template = client.V1PodTemplateSpec()
    spec = client.V1StatefulSetSpec(
        selector=client.V1LabelSelector(), service_name=name, template=template, replicas=asked
    )
    body = named(client.V1StatefulSet, name, spec=spec)
    body.metadata.annotations = {DECLARED_ANNOTATION: declared} if declared else None
    return cast(client.V1StatefulSet, body)


@dataclass
class World:
    """What is in the cluster; a list that is `forbidden` is refused."""

    pods: list[client.V1Pod] = field(default_factory=lambda: [pod(name) for name in PODS])
    sets: list[client.V1StatefulSet] = field(
        default_factory=lambda: [stateful_set("kafka", asked=3), stateful_set("zookeeper", asked=3)]
    )
    claims: list[str] = field(default_factory=lambda: [f"data-{name}" for name in PODS])
    cordoned: set[str] = field(default_factory=set)
    labelled: dict[str, list[Any]] = field(default_factory=dict)
    """By kind, what carries the label of faults."""
    namespaces: list[str] = field(default_factory=list)
    """The namespaces of agents."""
    status: dict[str, str] = field(default_factory=dict)
    """By pod, what /proc says of its processes, if not that all is well."""
    files: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    read_only: set[tuple[str, str]] = field(default_factory=set)
    """Pods, each with a mount that may not be written to."""
    unmounted: set[str] = field(default_factory=set)
    services: list[str] = field(default_factory=lambda: ["kafka", "zookeeper"])
    unreached: dict[str, list[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Pods in which no command runs."""
    forbidden: bool = False

    namespace = NAMESPACE

    @property
    def cluster(self) -> Cluster:
        return cast(Cluster, self)

    @property
    def connection(self) -> World:
        return self

    core = apps = networking = connection

    def _answer(self, items: Sequence[object]) -> FakeList:
        if self.forbidden:
            raise ApiException(status=403, reason="Forbidden")
        return FakeList(items)

    def list_namespaced_pod(self, namespace: str) -> FakeList:
        assert namespace == NAMESPACE
        return self._answer(self.pods)

    def list_namespaced_stateful_set(self, namespace: str) -> FakeList:
        assert namespace == NAMESPACE
        return self._answer(self.sets)

    def list_namespaced_persistent_volume_claim(self, namespace: str) -> FakeList:
        assert namespace == NAMESPACE
        return self._answer([named(client.V1PersistentVolumeClaim, name) for name in self.claims])

    def list_namespaced_service(self, namespace: str) -> FakeList:
        assert namespace == NAMESPACE
        return self._answer([named(client.V1Service, name) for name in self.services])

    def list_node(self) -> FakeList:
        return self._answer(
            [
                named(client.V1Node, name, spec=client.V1NodeSpec(unschedulable=name in self.cordoned or None))
                for name in ("node-1", "node-2", "node-3")
            ]
        )

    def list_namespace(self, *, label_selector: str) -> FakeList:
        assert label_selector == f"harness.greenfield/agent-of={NAMESPACE}"
        return self._answer([named(client.V1Namespace, name) for name in self.namespaces])

    def list_pod_for_all_namespaces(self, *, label_selector: str) -> FakeList:
        return self._labelled("pod", label_selector)

    def list_daemon_set_for_all_namespaces(self, *, label_selector: str) -> FakeList:
        return self._labelled("DaemonSet", label_selector)

    def list_network_policy_for_all_namespaces(self, *, label_selector: str) -> FakeList:
        return self._labelled("NetworkPolicy", label_selector)

    def _labelled(self, kind: str, selector: str) -> FakeList:
        assert selector == "harness.greenfield/fault=true"
        return self._answer(self.labelled.get(kind, []))

    def address(self, name: str) -> str:
        return f"{name}.greenfield.svc"

    def run(self, name: str, command: Sequence[str], *, timeout_s: float = 30) -> Executed:
        assert timeout_s > 0
        if name in self.broken:
            return Executed(command=tuple(command), returncode=1, stdout="", stderr="no such container")
        return Executed(command=tuple(command), returncode=0, stdout=self._said(name, command), stderr="")

    def _said(self, name: str, command: Sequence[str]) -> str:
        if command[0] == "ls":
            return "\n".join(self.files.get((name, command[-1]), ["lost+found", "orders-0"]))
        if command[-1] == "/proc/mounts":
            return "\n".join(self._mounts(name))
        if "/proc/" in command[-1]:
            return self.status.get(name, RUNNING)
        return "\n".join([*self.unreached.get(name, []), "looked"])

    def _mounts(self, name: str) -> Iterator[str]:
        yield "proc /proc proc ro,nosuid 0 0"
        for mount in {"/var/lib/data", "/tmp"} - self.unmounted:
            yield f"/dev/loop1 {mount} ext4 {'ro' if (name, mount) in self.read_only else 'rw'},relatime 0 0"
