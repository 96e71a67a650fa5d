"""What a roll to the next release would leave: pods, or what they are made from, that ask for its image."""

from __future__ import annotations

from chaos.release import NEXT_IMAGE
from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import KAFKA, Cluster


class NextReleases(Trace):
    """The brokers' StatefulSet and pods that ask for the image which it names as that of the next release.

    A cluster that was really upgraded must name another one: who has arrived has it no more to come.
    """

    name = "the next release in place of the present one"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        following = remnants.annotation(cluster, KAFKA, NEXT_IMAGE)
        return tuple(f"{who} asks for {image}" for who, image in remnants.images(cluster) if image == following)
