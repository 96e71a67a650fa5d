"""The stage: the cluster under test is deployed, awaited, and taken down again through the Kubernetes API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError, ResourceNotFoundError

from harness.cluster.connection import Connection
from harness.cluster.diagnosis import Snapshot, crashing_pods, diagnose
from harness.cluster.rendering import Body, Manifests
from harness.cluster.safety import CREATED_LABEL, DECLARED_ANNOTATION, MANAGED_BY, MANAGER, Ground
from harness.errors import MachineError, UsageError
from harness.waiting import TimedOut, wait_until

HOPELESS_RESTARTS = 3
CLUSTER_SCOPED_ALLOWED = frozenset({"Namespace", "StorageClass", "PriorityClass"})


class NotDeployed(Exception):
    """The manifests were applied and the cluster did not come up; the message names the object and the cause."""


@dataclass(frozen=True)
class Stage:
    """One namespace of one cluster, and what is put there."""

    connection: Connection
    ground: Ground
    manifests: Manifests

    def exists(self) -> bool:
        """Say whether anything of an earlier run is in the namespace."""
        if _gone(lambda: self.connection.core.read_namespace(self.ground.namespace)):
            return False
        return self.ground.created or bool(self.snapshot().stateful_sets)

    def prepare(self) -> None:
        """Make the namespace if it is the harness's own to make."""
        if not self.ground.created:
            return
        bare: Body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {}}
        body = next(iter(self.manifests.of_kind("Namespace")), bare)
        labels = {**body["metadata"].get("labels", {}), CREATED_LABEL: "true", **MANAGED_BY}
        own = {**body, "metadata": {**body["metadata"], "name": self.ground.namespace, "labels": labels}}
        self._apply_one(DynamicClient(self.connection.api), own)

    def apply(self) -> None:
        """Apply every object server-side; the API server's refusal names the object."""
        dynamic = DynamicClient(self.connection.api)
        for body in self.manifests.objects:
            if body["kind"] != "Namespace":
                self._apply_one(dynamic, self._owned(body))

    def _owned(self, body: Body) -> dict[str, Any]:
        """Return an object with the harness's marks; on a StatefulSet also how many pods it declares, for the audit."""
        metadata = {**body["metadata"], "labels": {**body["metadata"].get("labels", {}), **MANAGED_BY}}
        if body["kind"] == "StatefulSet":
            noted = {DECLARED_ANNOTATION: str(body["spec"].get("replicas", 1))}
            metadata["annotations"] = {**body["metadata"].get("annotations", {}), **noted}
        return {**body, "metadata": metadata}

    def _apply_one(self, dynamic: DynamicClient, body: Body) -> None:
        label = f"{body['kind']} {body['metadata']['name']}"
        try:
            resource = dynamic.resources.get(api_version=body["apiVersion"], kind=body["kind"])
            if not resource.namespaced and body["kind"] not in CLUSTER_SCOPED_ALLOWED:
                raise UsageError(
                    f"{self.manifests.source} holds the cluster-wide {label}",
                    remedy="the harness changes nothing outside its namespace: apply it yourself and take it out",
                )
            namespace = self.ground.namespace if resource.namespaced else None
            if namespace:
                body = {**body, "metadata": {**body["metadata"], "namespace": namespace}}
            resource.server_side_apply(body=body, namespace=namespace, field_manager=MANAGER, force_conflicts=True)
        except ResourceNotFoundError as error:
            raise UsageError(
                f"the cluster does not know {body['apiVersion']} {body['kind']} ({label})",
                remedy=f"mend {self.manifests.source} for Kubernetes {self.connection.version}",
            ) from error
        except DynamicApiError as error:
            raise UsageError(
                f"the API server refuses {label}: {error.summary()[:300]}", remedy=f"mend {self.manifests.source}"
            ) from error

    def await_pods(self, *, budget_s: float) -> float:
        """Wait until every StatefulSet is wholly ready; raise NotDeployed with the cause, early when it is hopeless."""
        deadline_s = time.monotonic() + budget_s

        def ready() -> bool:
            snapshot = self.snapshot()
            if crashing_pods(snapshot, restarts=HOPELESS_RESTARTS):
                raise NotDeployed(diagnose(self.snapshot(with_logs=True)))
            return bool(snapshot.stateful_sets) and all(_is_ready(body) for body in snapshot.stateful_sets)

        return self._explained(ready, what="every pod becoming ready", budget_s=deadline_s - time.monotonic())

    def await_condition(self, condition: Callable[[], bool], *, what: str, budget_s: float) -> float:
        """Wait for a condition of the deployed cluster; raise NotDeployed with the cause if it does not come."""
        return self._explained(condition, what=what, budget_s=budget_s)

    def _explained(self, condition: Callable[[], bool], *, what: str, budget_s: float) -> float:
        try:
            return wait_until(condition, what=what, timeout_s=budget_s, every_s=0.3)
        except TimedOut as late:
            raise NotDeployed(f"{late}; {diagnose(self.snapshot(with_logs=True))}") from late

    def snapshot(self, *, with_logs: bool = False) -> Snapshot:
        """Read the namespace as plain objects, and with logs for a diagnosis."""
        core, namespace = self.connection.core, self.ground.namespace
        plain: Callable[[object], Body] = self.connection.api.sanitize_for_serialization
        pods = [plain(pod) for pod in core.list_namespaced_pod(namespace).items]
        events = [plain(event) for event in core.list_namespaced_event(namespace).items] if with_logs else []
        events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
        return Snapshot(
            pods=pods,
            events=events,
            stateful_sets=[plain(s) for s in self.connection.apps.list_namespaced_stateful_set(namespace).items],
            last_lines={pod["metadata"]["name"]: self._last_lines(pod) for pod in pods} if with_logs else {},
        )

    def _last_lines(self, pod: Body) -> tuple[str, ...]:
        """Return the last log lines of a pod, of the container before the restart when there was one."""
        name = pod["metadata"]["name"]
        text = self.log(name, previous=True, tail_lines=60) or self.log(name, tail_lines=60)
        return tuple(text.splitlines())

    def collect(self, folder: Path) -> None:
        """Write what a person looks at afterwards, beside the logs of the pods: the pods themselves and all events."""
        folder.mkdir(parents=True, exist_ok=True)
        snapshot = self.snapshot(with_logs=True)
        (folder / "events.json").write_text(json.dumps(snapshot.events, indent=1), encoding="utf-8")
        (folder / "pods.json").write_text(json.dumps(snapshot.pods, indent=1), encoding="utf-8")

    def log(self, pod: str, *, previous: bool = False, tail_lines: int | None = None) -> str:
        """Return a pod's log; empty when there is no such container (yet, or any more)."""
        try:
            answer = self.connection.core.read_namespaced_pod_log(
                pod, self.ground.namespace, previous=previous, tail_lines=tail_lines
            )
        except ApiException:
            return ""
        return str(answer or "")

    def clear(self) -> None:
        """Remove what a run has put here, and wait until it is gone; a foreign object is never touched."""
        core, namespace = self.connection.core, self.ground.namespace
        if self.ground.created:
            self._kill_pods()
            _ignore_missing(lambda: core.delete_namespace(namespace))
            wait_until(
                lambda: _gone(lambda: core.read_namespace(namespace)),
                what=f"namespace {namespace} going",
                timeout_s=120,
            )
            return
        dynamic = DynamicClient(self.connection.api)
        for body in reversed(self.manifests.objects):
            if body["kind"] not in CLUSTER_SCOPED_ALLOWED:
                resource = dynamic.resources.get(api_version=body["apiVersion"], kind=body["kind"])
                _ignore_missing(partial(resource.delete, name=body["metadata"]["name"], namespace=namespace))
        self._kill_pods()
        for claim in self._own_claims():
            _ignore_missing(partial(core.delete_namespaced_persistent_volume_claim, claim, namespace))
        wait_until(
            lambda: not self._own_pods() and not self._own_claims(), what="the stage's pods going", timeout_s=120
        )

    def _set_names(self) -> tuple[str, ...]:
        return tuple(body["metadata"]["name"] for body in self.manifests.of_kind("StatefulSet"))

    def _own_pods(self) -> tuple[str, ...]:
        names = [pod["metadata"]["name"] for pod in self.snapshot().pods]
        return tuple(name for name in names if name.rsplit("-", 1)[0] in self._set_names())

    def _own_claims(self) -> tuple[str, ...]:
        claims = self.connection.core.list_namespaced_persistent_volume_claim(self.ground.namespace).items
        names = [claim.metadata.name or "" for claim in claims if claim.metadata]
        return tuple(name for name in names if any(f"-{own}-" in name for own in self._set_names()))

    def _kill_pods(self) -> None:
        """End pods at once: nobody needs an orderly hand-over of a cluster that goes away as a whole.

        The sets go first and leave their pods behind: the garbage collector would give each its whole grace period.
        """
        options = client.V1DeleteOptions(propagation_policy="Orphan")
        for body in self.snapshot().stateful_sets:
            name = body["metadata"]["name"]
            if name in self._set_names():
                self.connection.apps.delete_namespaced_stateful_set(name, self.ground.namespace, body=options)
        for name in self._own_pods():
            delete = self.connection.core.delete_namespaced_pod
            _ignore_missing(partial(delete, name, self.ground.namespace, grace_period_seconds=1))


def _is_ready(body: Body) -> bool:
    status, wanted = body.get("status", {}), body["spec"].get("replicas", 1)
    observed = status.get("observedGeneration", 0) >= body["metadata"].get("generation", 0)
    rolled = status.get("updateRevision") == status.get("currentRevision") or status.get("updatedReplicas") == wanted
    return bool(observed and rolled and status.get("readyReplicas", 0) == wanted)


def _ignore_missing(act: Callable[[], object]) -> None:
    try:
        act()
    except ApiException as error:
        if error.status != 404:
            raise MachineError(
                f"the API server refuses ({error.status} {error.reason})", remedy="check permissions"
            ) from error


def _gone(read: Callable[[], object]) -> bool:
    try:
        read()
    except ApiException as error:
        if error.status == 404:
            return True
        raise
    return False
