"""Another release: the brokers roll to the release of Kafka that comes next, and back to the one that they had."""

from __future__ import annotations

from typing import Any

from chaos.image import ImageRestored, ask_for, image_of
from chaos.rollout import RollingRestart
from harness.cluster.connection import metadata
from harness.cluster.pods import KAFKA, Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive, Unsupported

NEXT_IMAGE = "harness.greenfield/next-image"
"""The annotation of the StatefulSet with the image of the release that comes next; only who deploys it knows that."""


class NextRelease(ByRemedies, RollingRestart):
    """Every broker is replaced in turn by one of the next release, and healed by a roll back to the release of before.

    Proven by pods that are others, ask for the other image, are ready, and say another version of Kafka at their
    start: an image that is the same by another name is no other release.
    """

    name = "roll to the next release"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        declared = cluster.stateful_set(KAFKA)
        template: Any = declared.spec.template
        self._container, self._image = str(template.spec.containers[0].name), image_of(template)
        self._next = (metadata(declared).annotations or {}).get(NEXT_IMAGE, "")
        self._versions = {pod: cluster.kafka_version(pod) for pod in self.plan()}
        silent = [pod for pod, said in self._versions.items() if said is None]
        if silent:
            raise Inconclusive(f"the logs of {', '.join(silent)} do not say of which release they are")

    def remedies(self) -> tuple[Remedy, ...]:
        if not self._next:
            return ()
        return (ImageRestored(stateful_set=KAFKA, container=self._container, image=self._image, other=self._next),)

    def inject(self) -> None:
        """Ask for the next release; where nobody names one, this cannot be done."""
        if not self._next or self._next == self._image:
            raise Unsupported(
                f"StatefulSet {KAFKA} runs {self._image} and names no next release (annotation {NEXT_IMAGE})"
            )
        ask_for(self._cluster, KAFKA, container=self._container, image=self._next)

    def proof_of_injection(self) -> dict[str, object] | None:
        if super().proof_of_injection() is None or not self._all_run(self._next):
            return None
        versions = {pod: self._cluster.kafka_version(pod) for pod in self.plan()}
        if any(said is None or said == self._versions[pod] for pod, said in versions.items()):
            return None
        return {"image": self._next, "versions": versions, "before": self._versions}

    def proof_of_healing(self) -> dict[str, object] | None:
        if not self._all_run(self._image):
            return None
        versions = {pod: self._cluster.kafka_version(pod) for pod in self.plan()}
        return {"image": self._image, "versions": versions} if versions == self._versions else None

    def _all_run(self, image: str) -> bool:
        """Say whether every broker is ready and asks for an image."""
        pods: dict[str, Any] = {pod: self._cluster.pod(pod) for pod in self.plan()}
        return all(
            found is not None and image_of(found) == image and self._cluster.is_ready(pod)
            for pod, found in pods.items()
        )
