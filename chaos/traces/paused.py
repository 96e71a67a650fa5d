"""What a pause would leave: processes that are stopped (state T) in the pods."""

from __future__ import annotations

import re

from harness.audit import Trace
from harness.cluster import remnants
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive

COMMAND = ("sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null")
"""Processes end while they are read, which `cat` takes for a failure: what counts is what it could read."""

STATE = re.compile(r"^Name:\s*(?P<name>.*)$(?:\n(?!State:).*$)*\nState:\s*(?P<state>\S)", re.MULTILINE)
STOPPED = frozenset({"T", "t"})


class PausedProcesses(Trace):
    """Processes of brokers and ZooKeeper members that are stopped; a frozen container answers no command: unknown."""

    name = "paused processes"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        found: list[str] = []
        for place in remnants.places(cluster):
            done = cluster.run(place.pod, COMMAND)
            found.extend(f"{name} in {place.pod} is stopped" for name in stopped(done.stdout, where=place.pod))
        return tuple(found)


def stopped(text: str, *, where: str) -> tuple[str, ...]:
    """Return the names of the stopped processes, from their /proc/PID/status; no process at all is no answer."""
    processes = [(match["name"], match["state"]) for match in STATE.finditer(text)]
    if not processes:
        raise Inconclusive(f"the processes of {where} cannot be read")
    return tuple(name for name, state in processes if state in STOPPED)
