"""A bad rollout: the StatefulSet is given an image that nobody has. It must stop at the first pod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.cluster.pods import KAFKA, Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive

BAD_IMAGE = "greenfield.invalid/no-such-image:0"
WAITS_IN_VAIN = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")


@dataclass(frozen=True, kw_only=True)
class ImageRestored(Remedy):
    """The template has its image again, and a pod that waits for the bad one is deleted.

    A StatefulSet waits for its broken pod to become ready before it goes on, even to the template of before.
    """

    stateful_set: str
    container: str
    image: str
    bad: str

    def apply(self, cluster: Cluster) -> None:
        if image_of(cluster.stateful_set(self.stateful_set).spec.template) == self.bad:
            containers = [{"name": self.container, "image": self.image}]
            patch = {"spec": {"template": {"spec": {"containers": containers}}}}
            cluster.patch_stateful_set(self.stateful_set, patch)
        for pod in self._broken(cluster):
            cluster.delete_pod(pod, grace_s=0)

    def remains(self, cluster: Cluster) -> str:
        broken = self._broken(cluster)
        if image_of(cluster.stateful_set(self.stateful_set).spec.template) == self.bad:
            return f"StatefulSet {self.stateful_set} asks for {self.bad}"
        return f"{', '.join(broken)} ask for {self.bad}" if broken else ""

    def _broken(self, cluster: Cluster) -> list[str]:
        pods = {pod: cluster.pod(pod) for pod in cluster.brokers}
        return [name for name, pod in pods.items() if pod is not None and image_of(pod) == self.bad]


class BadImage(ByRemedies):
    """All brokers are asked to roll to an image that cannot be had.

    Proven by one pod that waits for it in vain. That the others are still those of before is the claim, not the proof.
    """

    name = "rollout of a bad image"

    def __init__(self, cluster: Cluster) -> None:
        template: Any = cluster.stateful_set(KAFKA).spec.template
        if not cluster.brokers or not all(cluster.is_ready(pod) for pod in cluster.brokers):
            raise Inconclusive("not every broker is ready, so a roll would not begin")
        self._cluster = cluster
        self._container, self._image = template.spec.containers[0].name, image_of(template)
        self._before = {pod: cluster.identity(pod) for pod in cluster.brokers}

    def plan(self) -> tuple[str, ...]:
        return self._cluster.brokers

    def remedies(self) -> tuple[Remedy, ...]:
        return (ImageRestored(stateful_set=KAFKA, container=self._container, image=self._image, bad=BAD_IMAGE),)

    def inject(self) -> None:
        containers = [{"name": self._container, "image": BAD_IMAGE}]
        self._cluster.patch_stateful_set(KAFKA, {"spec": {"template": {"spec": {"containers": containers}}}})

    def proof_of_injection(self) -> dict[str, object] | None:
        waiting = {pod: reason for pod in self.plan() if (reason := self._waits_for(pod)) in WAITS_IN_VAIN}
        return {"waiting": waiting, "replaced": list(self.replaced())} if waiting else None

    def replaced(self) -> tuple[str, ...]:
        """Return the brokers that are not those of before; more than one of them, and the roll has not stopped."""
        now = {pod: self._cluster.identity(pod) for pod in self.plan()}
        return tuple(
            pod
            for pod, was in self._before.items()
            if was is None or (found := now[pod]) is None or found.uid != was.uid
        )

    def _waits_for(self, pod: str) -> str:
        found: Any = self._cluster.pod(pod)
        statuses = (found.status.container_statuses if found else None) or []
        return str(statuses[0].state.waiting.reason) if statuses and statuses[0].state.waiting else ""

    def proof_of_healing(self) -> dict[str, object] | None:
        if not self._is_undone():
            return None
        if not all(self._cluster.is_ready(pod) for pod in self.plan()):
            return None
        return {"image": self._image, "ready": list(self.plan())}


def image_of(holder: Any) -> str:
    """Return the image that a pod or a pod's template asks for."""
    return str(holder.spec.containers[0].image)
