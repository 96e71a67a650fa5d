"""What a scale fault would leave: fewer pods than were declared."""

from __future__ import annotations

from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster
from harness.cluster.remnants import Wanted


class OtherReplicas(Trace):
    """StatefulSets that are asked for another number of pods than was declared.

    The harness notes at each StatefulSet that it deploys how many pods it declares. Where it deployed nothing, the
    claims tell: a StatefulSet that was asked for fewer pods keeps the claims of the others.
    """

    name = "replica counts other than declared"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return tuple(said for one in remnants.wanted(cluster) if (said := _other(one)))


def _other(wanted: Wanted) -> str:
    asked = f"StatefulSet {wanted.stateful_set} is asked for {wanted.asked} pods"
    if wanted.declared is not None:
        return "" if wanted.asked == wanted.declared else f"{asked}, declared are {wanted.declared}"
    return f"{asked} and has claims for {wanted.claims}" if wanted.claims > wanted.asked else ""
