"""What the API server's objects say about a pod: its resources, its volume, its node, its address; and of a Service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from kubernetes import client

from harness.cluster.connection import Refused, metadata
from harness.cluster.pods import Cluster
from harness.quantities import bytes_of, millicores_of
from harness.verdict import Inconclusive


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a pod's containers ask for and are allowed, None where the object does not say."""

    requested_cpu_millicores: int | None
    requested_memory_bytes: int | None
    limit_cpu_millicores: int | None
    limit_memory_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The persistent volume under a folder; name None and sizes 0 when the folder is on no claim."""

    name: str | None
    requested_bytes: int
    capacity_bytes: int


def resources(cluster: Cluster, pod: str) -> Resources:
    """Return what the pod's only container requests and is limited to."""
    wanted = _container(cluster, pod).resources
    requests = (wanted.requests if wanted else None) or {}
    limits = (wanted.limits if wanted else None) or {}
    return Resources(
        requested_cpu_millicores=millicores_of(requests["cpu"]) if "cpu" in requests else None,
        requested_memory_bytes=bytes_of(requests["memory"]) if "memory" in requests else None,
        limit_cpu_millicores=millicores_of(limits["cpu"]) if "cpu" in limits else None,
        limit_memory_bytes=bytes_of(limits["memory"]) if "memory" in limits else None,
    )


def volume_at(cluster: Cluster, pod: str, path: str) -> Volume:
    """Return the persistent volume that is mounted at or above a path of the pod's container."""
    mounts = _container(cluster, pod).volume_mounts or []
    above = [mount for mount in mounts if PurePosixPath(path).is_relative_to(mount.mount_path)]
    if not above:
        return Volume(name=None, requested_bytes=0, capacity_bytes=0)
    nearest = max(above, key=lambda mount: len(mount.mount_path))
    named = {volume.name: volume for volume in _spec(cluster, pod).volumes or []}
    claimed = named[nearest.name].persistent_volume_claim
    if claimed is None:
        return Volume(name=None, requested_bytes=0, capacity_bytes=0)
    claim = cluster.connection.core.read_namespaced_persistent_volume_claim(claimed.claim_name, cluster.namespace)
    requests = (claim.spec.resources.requests if claim.spec and claim.spec.resources else None) or {}
    capacity = (claim.status.capacity if claim.status else None) or {}
    return Volume(
        name=claim.spec.volume_name if claim.spec else None,
        requested_bytes=bytes_of(requests.get("storage", "0")),
        capacity_bytes=bytes_of(capacity.get("storage", "0")),
    )


def node_of(cluster: Cluster, pod: str) -> str:
    """Return the node that a pod runs on."""
    return _spec(cluster, pod).node_name or ""


def nodes_of_members(cluster: Cluster) -> dict[str, str]:
    """Return the node of each broker and ZooKeeper member; a pod that is away is on none, and is left out."""
    found = {member: cluster.pod(member) for member in (*cluster.brokers, *cluster.zookeepers)}
    return {member: pod.spec.node_name or "" for member, pod in found.items() if pod is not None and pod.spec}


def schedulable_nodes(cluster: Cluster) -> tuple[str, ...]:
    """Return the nodes that take new pods."""
    nodes = cluster.connection.core.list_node().items
    return tuple(metadata(node).name or "" for node in nodes if not (node.spec and node.spec.unschedulable))


def claims_of(cluster: Cluster, pod: str) -> tuple[str, ...]:
    """Return the volume claims that a StatefulSet has made for a pod, by their names; the pod may be gone."""
    claims = cluster.connection.core.list_namespaced_persistent_volume_claim(cluster.namespace).items
    return tuple(name for claim in claims if (name := metadata(claim).name or "").endswith(f"-{pod}"))


def delete_claim(cluster: Cluster, name: str) -> None:
    """Delete a volume claim, and with it what is stored there; one that is gone is fine."""
    try:
        cluster.connection.core.delete_namespaced_persistent_volume_claim(name, cluster.namespace)
    except Refused as refusal:
        if refusal.status != 404:
            raise


def address_of(cluster: Cluster, pod: str) -> str:
    """Return a pod's IP address."""
    found = cluster.pod(pod)
    return (found.status.pod_ip if found and found.status else None) or ""


def requires_separate_hosts(cluster: Cluster, stateful_set: str) -> bool:
    """Say whether the StatefulSet requires each of its pods on another host."""
    body = cluster.stateful_set(stateful_set)
    labels = (metadata(body.spec.template).labels if body.spec else None) or {}
    affinity = body.spec.template.spec.affinity if body.spec and body.spec.template.spec else None
    anti = affinity.pod_anti_affinity if affinity else None
    terms = (anti.required_during_scheduling_ignored_during_execution if anti else None) or []
    return any(
        term.topology_key == "kubernetes.io/hostname"
        and term.label_selector is not None
        and (term.label_selector.match_labels or {}).items() <= labels.items()
        for term in terms
    )


def _spec(cluster: Cluster, pod: str) -> client.V1PodSpec:
    found = cluster.pod(pod)
    if found is None or found.spec is None:
        raise Inconclusive(f"pod {pod} does not exist, so its object cannot be read")
    return found.spec


def _container(cluster: Cluster, pod: str) -> client.V1Container:
    return _spec(cluster, pod).containers[0]


def service_manifest(cluster: Cluster, name: str) -> dict[str, Any] | None:
    """Return what makes a Service again as it was declared, without what the API server added; None without one."""
    try:
        found = cluster.connection.core.read_namespaced_service(name, cluster.namespace)
    except Refused as refusal:
        if refusal.status == 404:
            return None
        raise
    body = client.ApiClient().sanitize_for_serialization(found)
    kept = {key: value for key, value in body["metadata"].items() if key in ("name", "labels", "annotations")}
    return {"apiVersion": "v1", "kind": "Service", "metadata": kept, "spec": body["spec"]}


def make_service(cluster: Cluster, manifest: Mapping[str, Any]) -> None:
    """Make a Service; one that is there already stays as it is."""
    body: Any = manifest
    try:
        cluster.connection.core.create_namespaced_service(cluster.namespace, body)
    except Refused as refusal:
        if refusal.status != 409:
            raise
