"""What a read-only volume would leave: mounts of brokers and ZooKeeper members that may not be written to."""

from __future__ import annotations

from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive

COMMAND = ("cat", "/proc/mounts")


class ReadOnlyVolumes(Trace):
    """Volumes that a container of a broker or a ZooKeeper member has read-only; one that is not mounted is unknown."""

    name = "read-only volumes"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return tuple(
            f"{place.pod}:{mount} is read-only"
            for place in remnants.places(cluster)
            for mount, options in _options(cluster, place).items()
            if "ro" in options
        )


def _options(cluster: Cluster, place: remnants.Place) -> dict[str, list[str]]:
    """Return the options of each of a container's own mounts, by where it is mounted."""
    rows = [line.split() for line in cluster.run(place.pod, COMMAND).stdout.splitlines()]
    found = {row[1]: row[3].split(",") for row in rows if len(row) > 3 and row[1] in place.mounts}
    if missing := set(place.mounts) - set(found):
        raise Inconclusive(f"{', '.join(sorted(missing))} of {place.pod} cannot be seen among its mounts")
    return found
