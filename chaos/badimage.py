"""A bad rollout: the StatefulSet is given an image that nobody has. It must stop at the first pod."""

from __future__ import annotations

from typing import Any

from chaos.image import ImageRestored, ask_for, image_of, waits_for
from harness.cluster.pods import KAFKA, Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive

BAD_IMAGE = "greenfield.invalid/no-such-image:0"
WAITS_IN_VAIN = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")


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
        return (ImageRestored(stateful_set=KAFKA, container=self._container, image=self._image, other=BAD_IMAGE),)

    def inject(self) -> None:
        ask_for(self._cluster, KAFKA, container=self._container, image=BAD_IMAGE)

    def proof_of_injection(self) -> dict[str, object] | None:
        reasons = {pod: waits_for(self._cluster.pod(pod)) for pod in self.plan()}
        waiting = {pod: reason for pod, reason in reasons.items() if reason in WAITS_IN_VAIN}
        return {"waiting": waiting, "replaced": list(self.replaced())} if waiting else None

    def replaced(self) -> tuple[str, ...]:
        """Return the brokers that are not those of before; more than one of them, and the roll has not stopped."""
        now = {pod: self._cluster.identity(pod) for pod in self.plan()}
        return tuple(
            pod
            for pod, was in self._before.items()
            if was is None or (found := now[pod]) is None or found.uid != was.uid
        )

    def proof_of_healing(self) -> dict[str, object] | None:
        if not self._is_undone():
            return None
        if not all(self._cluster.is_ready(pod) for pod in self.plan()):
            return None
        return {"image": self._image, "ready": list(self.plan())}
