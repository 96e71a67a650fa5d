"""Log segments as they lie on a broker's volume, read from inside its pod."""

from __future__ import annotations

from pathlib import PurePosixPath

from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive


def log_dir(cluster: Cluster, pod: str) -> str:
    """Return the broker's log directory, from the configuration file that its process was started with."""
    host = cluster.inside(pod)
    command = str(host.file("/proc/1/cmdline").content_string).split("\0")
    files = [word for word in command if word.endswith(".properties") and word.startswith("/")]
    if not files:
        raise Inconclusive(f"the command of {pod} names no properties file: {' '.join(command)[:200]}")
    lines = str(host.file(files[-1]).content_string).splitlines()
    values = [line.split("=", 1)[1].strip() for line in lines if line.startswith(("log.dirs=", "log.dir="))]
    if not values:
        raise Inconclusive(f"{files[-1]} in {pod} sets no log.dirs")
    return values[-1].split(",")[0]


def digests(cluster: Cluster, pod: str, topic: str) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of each segment file of a topic by partition and file name."""
    command = f"cd {log_dir(cluster, pod)} && sha256sum {topic}-[0-9]*/*.log"
    done = cluster.run(pod, ["bash", "-c", command])
    if done.returncode != 0:
        raise Inconclusive(f"the segments of {topic} in {pod} cannot be read: {done.stderr.strip()}")
    found: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        digest, path = line.split(maxsplit=1)
        file = PurePosixPath(path)
        found.setdefault(file.parent.name, {})[file.name] = digest
    return found


def holds(cluster: Cluster, pod: str, partition: str, value: str) -> bool:
    """Say whether a partition's segments hold this (uncompressed) value.

    The exit code is printed inside the container: the one of `kubectl exec` is 1 for a missing pod, too.
    """
    command = f"cd {log_dir(cluster, pod)} && grep -qaF -- '{value}' {partition}/*.log; echo $?"
    done = cluster.run(pod, ["bash", "-c", command])
    answer = done.stdout.strip()
    if answer not in {"0", "1"}:
        raise Inconclusive(f"the segments of {partition} in {pod} cannot be searched: {done.stderr.strip()}")
    return answer == "0"
