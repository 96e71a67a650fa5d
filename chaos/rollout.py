"""Rollout changes: a StatefulSet replaces its pods one after the other, by its own update strategy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from harness.cluster.pods import KAFKA, Cluster, Identity
from harness.remedies import Remedy
from harness.verdict import Inconclusive


@dataclass(frozen=True)
class OriginalConfig(Remedy):
    """A StatefulSet mounts the ConfigMap of before again, which rolls its pods, and then the changed one is deleted.

    Not before the last pod that mounts it is gone: one that starts without its ConfigMap would hold up the roll.
    """

    stateful_set: str
    original: str
    changed: str

    def apply(self, cluster: Cluster) -> None:
        if self._is_mounted(cluster):
            cluster.use_config_map(self.stateful_set, old=self.changed, new=self.original)
        if not cluster.pods_with_config_map(self.changed):
            cluster.delete_config_map(self.changed)

    def remains(self, cluster: Cluster) -> str:
        if self._is_mounted(cluster):
            return f"StatefulSet {self.stateful_set} mounts {self.changed} in place of {self.original}"
        return f"there is a ConfigMap {self.changed}" if cluster.has_config_map(self.changed) else ""

    def _is_mounted(self, cluster: Cluster) -> bool:
        is_there = cluster.replicas(self.stateful_set) is not None
        return is_there and cluster.config_map_of(self.stateful_set) == self.changed


class RollingRestart:
    """Every broker is replaced in turn, as `kubectl rollout restart statefulset kafka` does it."""

    name = "rolling restart"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._before = {pod: _running(cluster, pod) for pod in cluster.brokers}
        if not self._before:
            raise Inconclusive("there is no broker to restart")

    def plan(self) -> tuple[str, ...]:
        return self._cluster.brokers

    def remedies(self) -> tuple[Remedy, ...]:
        """Return none: a roll that has begun goes on by itself, and its end is what was declared."""
        return ()

    def inject(self) -> None:
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        annotations = {"kubectl.kubernetes.io/restartedAt": moment}
        self._cluster.patch_stateful_set(KAFKA, {"spec": {"template": {"metadata": {"annotations": annotations}}}})

    def proof_of_injection(self) -> dict[str, object] | None:
        """Every broker must be another pod; one that was left out was not restarted."""
        now = {pod: self._cluster.identity(pod) for pod in self.plan()}
        replaced = {
            pod: identity for pod, identity in now.items() if identity and identity.uid != self._before[pod].uid
        }
        if len(replaced) < len(self.plan()):
            return None
        return {pod: {"before": self._before[pod].uid, "after": identity.uid} for pod, identity in replaced.items()}

    def heal(self) -> None:
        """Leave it to the StatefulSet, which goes on until every pod is replaced."""

    def proof_of_healing(self) -> dict[str, object] | None:
        if self.proof_of_injection() is None or not all(self._cluster.is_ready(pod) for pod in self.plan()):
            return None
        return {"ready": list(self.plan())}


class RollingConfigChange(RollingRestart):
    """One broker property is changed for all brokers: a new ConfigMap, a new template, and a roll."""

    name = "rolling config change"

    def __init__(self, cluster: Cluster, *, file: str, text: str) -> None:
        super().__init__(cluster)
        self._file, self._text = file, text
        self._original = cluster.config_map_of(KAFKA)
        self._changed = f"{self._original}-changed"

    def remedies(self) -> tuple[Remedy, ...]:
        return (OriginalConfig(stateful_set=KAFKA, original=self._original, changed=self._changed),)

    def inject(self) -> None:
        self._cluster.copy_config_map(self._original, self._changed, extra={self._file: self._text})
        self._cluster.use_config_map(KAFKA, old=self._original, new=self._changed)

    def heal(self) -> None:
        """Leave the change in place: a second roll would be a second trial; its remedy is for the end of the run."""


def _running(cluster: Cluster, pod: str) -> Identity:
    identity = cluster.identity(pod)
    if identity is None:
        raise Inconclusive(f"{pod} is not running, so it cannot be restarted")
    return identity
