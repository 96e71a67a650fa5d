"""Reproduction: which cluster, which versions, which machine, so that a certificate can be had again."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import harness
from harness.clients import zookeeper
from harness.cluster.connection import Refused, metadata
from harness.cluster.pods import Cluster
from harness.measuring.machine import Moment

PACKAGES = ("pytest", "pytest-testinfra", "kubernetes", "confluent-kafka", "hypothesis", "locust", "kafka-python")


def describe_subject(cluster: Cluster) -> dict[str, object]:
    """Describe the cluster under test; what cannot be learnt is None, never a guess."""
    core = cluster.connection.core
    pods = core.list_namespaced_pod(cluster.namespace).items
    images = [
        {"container": f"{metadata(pod).name}/{status.name}", "image": status.image, "digest": status.image_id or None}
        for pod in pods
        for status in ((pod.status.container_statuses if pod.status else None) or [])
    ]
    return {
        "cluster_uid": cluster.connection.identity,
        "context": cluster.connection.context,
        "namespace": cluster.namespace,
        "kubernetes_version": cluster.connection.version,
        "nodes": _nodes(cluster),
        "kafka_version": _kafka_version(cluster),
        "zookeeper_version": _zookeeper_version(cluster),
        "images": images,
    }


def _nodes(cluster: Cluster) -> list[str] | None:
    try:
        return [metadata(node).name or "?" for node in cluster.connection.core.list_node().items]
    except Refused:
        return None  # a namespaced user may not list nodes


def _kafka_version(cluster: Cluster) -> str | None:
    return next(filter(None, map(cluster.kafka_version, cluster.brokers)), None)


def _zookeeper_version(cluster: Cluster) -> str | None:
    for member in cluster.zookeepers:
        answer = zookeeper.ask(cluster.address(member), "srvr") or ""
        if answer.startswith("Zookeeper version:"):
            return answer.splitlines()[0].removeprefix("Zookeeper version:").split("-")[0].strip()
    return None


def describe_environment(*, is_testbed: bool, machine: Sequence[Moment] = ()) -> dict[str, object]:
    """Describe where the harness ran and with what; `machine` is what was seen of it in the course of the run."""
    return {
        "harness_version": harness.__version__,
        "python_version": platform.python_version(),
        "packages": {name: _installed(name) for name in PACKAGES},
        "machine": {
            "cpus": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "kernel": platform.release(),
            **({"samples": [moment.as_json() for moment in machine]} if machine else {}),
        },
        "testbed": is_testbed,
    }


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def sha256_of(path: Path) -> str:
    """Hash a file's content."""
    return sha256(path.read_bytes()).hexdigest()
