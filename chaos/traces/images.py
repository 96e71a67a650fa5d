"""What the rollout of a bad image would leave: pods, or what they are made from, that ask for it."""

from __future__ import annotations

from chaos.badimage import BAD_IMAGE
from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster


class BadImages(Trace):
    """StatefulSets and pods that ask for the image which a fault asks for, and nobody has."""

    name = "images that nobody has"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return tuple(f"{who} asks for {image}" for who, image in remnants.images(cluster) if image == BAD_IMAGE)
