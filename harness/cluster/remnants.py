"""Remnants: what the API server tells of things that a fault may leave behind, in a few plain answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubernetes import client

from harness.cluster.connection import HasMetadata, metadata
from harness.cluster.pods import KAFKA, ZOOKEEPER, Cluster
from harness.cluster.safety import DECLARED_ANNOTATION, FAULT_LABEL
from harness.verdict import Inconclusive


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How many pods a StatefulSet is asked for, were declared (None: nobody noted it), and have claims."""

    stateful_set: str
    asked: int
    declared: int | None
    claims: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """A container of a pod of the cluster under test, and where its own volumes are mounted."""

    pod: str
    container: str
    mounts: tuple[str, ...]


def wanted(cluster: Cluster) -> tuple[Wanted, ...]:
    """Return the StatefulSets of brokers and ZooKeeper members."""
    claims = cluster.connection.core.list_namespaced_persistent_volume_claim(cluster.namespace).items
    names = [metadata(claim).name or "" for claim in claims]
    return tuple(
        Wanted(
            stateful_set=name,
            asked=body.spec.replicas or 0,
            declared=_declared(body),
            claims=len({claim for claim in names if f"-{name}-" in claim}),
        )
        for name, body in _sets(cluster)
        if body.spec is not None
    )


def _sets(cluster: Cluster) -> list[tuple[str, client.V1StatefulSet]]:
    listed = cluster.connection.apps.list_namespaced_stateful_set(cluster.namespace).items
    return [(name, body) for body in listed if (name := metadata(body).name or "") in (KAFKA, ZOOKEEPER)]


def _declared(body: client.V1StatefulSet) -> int | None:
    noted = (metadata(body).annotations or {}).get(DECLARED_ANNOTATION)
    return int(noted) if noted and noted.isdigit() else None


def annotation(cluster: Cluster, stateful_set: str, name: str) -> str | None:
    """Return an annotation of a StatefulSet of brokers or ZooKeeper members; None without it, or without the set."""
    found = (body for one, body in _sets(cluster) if one == stateful_set)
    return next(((metadata(body).annotations or {}).get(name) for body in found), None)


def cordoned_nodes(cluster: Cluster) -> tuple[str, ...]:
    """Return the nodes that take no new pods."""
    nodes = cluster.connection.core.list_node().items
    return tuple(metadata(node).name or "?" for node in nodes if node.spec and node.spec.unschedulable)


def fault_objects(cluster: Cluster) -> tuple[str, ...]:
    """Return the pods, DaemonSets and NetworkPolicies of any namespace that carry the label of what faults make."""
    selector = ",".join(f"{name}={value}" for name, value in FAULT_LABEL.items())
    api = cluster.connection
    found: dict[str, Iterable[HasMetadata]] = {
        "pod": api.core.list_pod_for_all_namespaces(label_selector=selector).items,
        "DaemonSet": api.apps.list_daemon_set_for_all_namespaces(label_selector=selector).items,
        "NetworkPolicy": api.networking.list_network_policy_for_all_namespaces(label_selector=selector).items,
    }
    return tuple(
        f"{kind} {metadata(body).namespace}/{metadata(body).name}" for kind, bodies in found.items() for body in bodies
    )


def missing_services(cluster: Cluster) -> tuple[str, ...]:
    """Return the Services that the StatefulSets of brokers and ZooKeeper members name, and that are not there."""
    there = {metadata(one).name for one in cluster.connection.core.list_namespaced_service(cluster.namespace).items}
    named = [body.spec.service_name or "" for _, body in _sets(cluster) if body.spec is not None]
    return tuple(name for name in named if name not in there)


def images(cluster: Cluster) -> tuple[tuple[str, str], ...]:
    """Return who asks for which image: the StatefulSets of brokers and ZooKeeper members, and all pods."""
    specs = [(f"StatefulSet {name}", body.spec.template.spec) for name, body in _sets(cluster) if body.spec is not None]
    specs += [(f"pod {metadata(pod).name}", pod.spec) for pod in _pods(cluster)]
    return tuple((who, container.image or "") for who, spec in specs if spec for container in spec.containers)


def running_ephemeral_containers(cluster: Cluster) -> tuple[str, ...]:
    """Return the ephemeral containers that have not ended; ended ones stay in their pod for good and do nothing."""
    return tuple(
        f"{metadata(pod).name}/{status.name}"
        for pod in _pods(cluster)
        for status in (pod.status.ephemeral_container_statuses if pod.status else None) or []
        if not (status.state and status.state.terminated)
    )


def places(cluster: Cluster) -> tuple[Place, ...]:
    """Return the main container of each broker's and ZooKeeper member's pod that runs; raise when one is not there."""
    found = []
    for pod in _pods(cluster):
        name = metadata(pod).name or ""
        if name.rsplit("-", 1)[0] in (KAFKA, ZOOKEEPER) and pod.spec is not None:
            if pod.status is None or pod.status.phase != "Running":
                raise Inconclusive(f"pod {name} does not run, so nobody can look inside")
            container = pod.spec.containers[0]
            found.append(Place(pod=name, container=container.name, mounts=_own_mounts(pod.spec, container)))
    return tuple(found)


def _own_mounts(spec: client.V1PodSpec, container: client.V1Container) -> tuple[str, ...]:
    own = {volume.name for volume in spec.volumes or [] if volume.persistent_volume_claim or volume.empty_dir}
    return tuple(mount.mount_path for mount in container.volume_mounts or [] if mount.name in own)


def _pods(cluster: Cluster) -> list[client.V1Pod]:
    return list(cluster.connection.core.list_namespaced_pod(cluster.namespace).items)
