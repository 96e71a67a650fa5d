"""The files of a partition as they lie on a broker's disk, seen from inside its pod."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from harness.checkers.segments import SegmentFile
from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive


def log_dir(admin: Admin, broker: int) -> str:
    """Return the folder in which a broker keeps its partitions, as its live configuration names it."""
    config = admin.broker_config(broker)
    return (config.get("log.dirs") or config["log.dir"]).split(",")[0]


def files_of(cluster: Cluster, pod: str, folder: str) -> tuple[SegmentFile, ...]:
    """Return the files in a partition's folder in a pod; a folder that is not there raises Inconclusive."""
    # No `find`: a plain shell and coreutils are in every broker image. A file may go between its listing and its stat.
    script = f"cd {shlex.quote(folder)} && stat -c '%s %n' -- * 2>/dev/null; test -d {shlex.quote(folder)}"
    done = cluster.inside(pod).run(script)
    if done.rc != 0:
        raise Inconclusive(f"{folder} in {pod} cannot be looked at: {done.stderr.strip()}")
    rows = (line.split(" ", 1) for line in done.stdout.splitlines())
    return tuple(SegmentFile(name=name, size_bytes=int(size)) for size, name in rows)


def replicas_of(cluster: Cluster, admin: Admin, place: str) -> dict[str, tuple[SegmentFile, ...]]:
    """Return the files of one partition (topic-partition) on each broker that has a replica of it, by pod."""
    topic, partition = place.rsplit("-", 1)
    (described,) = [one for one in admin.describe(topic) if one.index == int(partition)]
    return {
        cluster.broker_pod(broker): files_of(cluster, cluster.broker_pod(broker), f"{log_dir(admin, broker)}/{place}")
        for broker in described.replicas
    }


def digests_of(cluster: Cluster, admin: Admin, broker: int, topic: str) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of each segment file that a broker has of a topic, by partition and file name."""
    pod = cluster.broker_pod(broker)
    script = f"cd {shlex.quote(log_dir(admin, broker))} && sha256sum {shlex.quote(topic)}-[0-9]*/*.log"
    done = cluster.inside(pod).run(script)
    if done.rc != 0:
        raise Inconclusive(f"the segments of {topic} in {pod} cannot be read: {done.stderr.strip()}")
    found: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        digest, path = line.split(maxsplit=1)
        file = PurePosixPath(path)
        found.setdefault(file.parent.name, {})[file.name] = digest
    return found


def holds(cluster: Cluster, admin: Admin, broker: int, place: str, value: str) -> bool:
    """Say whether the segments of one partition (topic-partition) on a broker hold this (uncompressed) value.

    The exit code is printed inside the container: the one of `kubectl exec` is 1 for a missing pod, too.
    """
    pod = cluster.broker_pod(broker)
    folder = f"{log_dir(admin, broker)}/{place}"
    done = cluster.inside(pod).run(f"cd {shlex.quote(folder)} && grep -qaF -- {shlex.quote(value)} *.log; echo $?")
    answer = done.stdout.strip()
    if answer not in {"0", "1"}:
        raise Inconclusive(f"the segments of {place} in {pod} cannot be searched: {done.stderr.strip()}")
    return bool(answer == "0")
