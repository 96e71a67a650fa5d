"""The image of a StatefulSet's pods: what they ask for, and the way back to what they asked for before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.cluster.pods import Cluster
from harness.remedies import Remedy


@dataclass(frozen=True, kw_only=True)
class ImageRestored(Remedy):
    """The template has its image again, and pods that wait to start with the other one are deleted.

    A StatefulSet waits for its broken pod to become ready before it goes on, even to the template of before. Pods that
    run with the other image are left to it: it replaces them one after the other.
    """

    stateful_set: str
    container: str
    image: str
    other: str

    def apply(self, cluster: Cluster) -> None:
        if self._is_asked_for(cluster):
            ask_for(cluster, self.stateful_set, container=self.container, image=self.image)
        for pod in self._of_the_other(cluster):
            if waits_for(cluster.pod(pod)):
                cluster.delete_pod(pod, grace_s=0)

    def remains(self, cluster: Cluster) -> str:
        if self._is_asked_for(cluster):
            return f"StatefulSet {self.stateful_set} asks for {self.other}"
        others = self._of_the_other(cluster)
        return f"{', '.join(others)} ask for {self.other}" if others else ""

    def _is_asked_for(self, cluster: Cluster) -> bool:
        return image_of(cluster.stateful_set(self.stateful_set).spec.template) == self.other

    def _of_the_other(self, cluster: Cluster) -> list[str]:
        pods = {pod: cluster.pod(pod) for pod in cluster.brokers}
        return [name for name, pod in pods.items() if pod is not None and image_of(pod) == self.other]


def ask_for(cluster: Cluster, stateful_set: str, *, container: str, image: str) -> None:
    """Let a StatefulSet ask for an image, which rolls its pods."""
    containers = [{"name": container, "image": image}]
    cluster.patch_stateful_set(stateful_set, {"spec": {"template": {"spec": {"containers": containers}}}})


def image_of(holder: Any) -> str:
    """Return the image that a pod or a pod's template asks for."""
    return str(holder.spec.containers[0].image)


def waits_for(pod: Any) -> str:
    """Return why the container of a pod has not started, in Kubernetes' word; nothing when it has, or there is none."""
    if pod is None:
        return ""
    statuses = (pod.status.container_statuses if pod.status else None) or []
    if not statuses:
        return "Pending"
    return str(statuses[0].state.waiting.reason) if statuses[0].state.waiting else ""
