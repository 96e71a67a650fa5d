"""What a disk fault would leave: files that only fill a volume."""

from __future__ import annotations

from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive

PREFIX = "harness-fault-"
"""How a file is called that a fault puts at the top of a volume."""


class FillerFiles(Trace):
    """Files of faults at the top of the volumes of brokers and ZooKeeper members."""

    name = "filler files"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        return tuple(
            f"{place.pod}:{mount}/{file}"
            for place in remnants.places(cluster)
            for mount in place.mounts
            for file in _files(cluster, place.pod, mount)
            if file.startswith(PREFIX)
        )


def _files(cluster: Cluster, pod: str, folder: str) -> list[str]:
    done = cluster.run(pod, ["ls", "-1A", folder])
    if done.returncode != 0:
        raise Inconclusive(f"{folder} of {pod} cannot be listed: {done.stderr.strip()[-200:]}")
    return done.stdout.splitlines()
