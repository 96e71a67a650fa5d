"""A storm of connections: many clients connect to a broker, say nothing, and stay."""

from __future__ import annotations

import resource
import socket
from contextlib import suppress

from harness.cluster.pods import PORT, Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive

CONNECTIONS = 2000
SPARE_FILES = 500
"""Of those that this process may have open: for everything else that it does."""

CONNECT_TIMEOUT_S = 2.0
MOST = 0.9
"""What share of the connections must stand, or be gone: others come and go meanwhile."""

ESTABLISHED = "01"
SOCKETS = ["cat", "/proc/net/tcp", "/proc/net/tcp6"]


class ConnectionStorm:
    """A broker has so many more connections, all from here, none of which ever sends a request.

    Proven by what the kernel counts in the broker's own network. They end with this process, whatever becomes of it.
    """

    name = "storm of connections"

    def __init__(self, cluster: Cluster, broker: str, *, connections: int = CONNECTIONS) -> None:
        self._cluster, self._broker, self._wanted = cluster, broker, connections
        self._before = standing(cluster, broker)
        self._held: list[socket.socket] = []

    def plan(self) -> tuple[str, ...]:
        return (self._broker,)

    def remedies(self) -> tuple[Remedy, ...]:
        """Return none: the kernel closes what a process had open when it ends."""
        return ()

    def inject(self) -> None:
        may_have(self._wanted + SPARE_FILES)
        address = (socket.gethostbyname(self._cluster.address(self._broker)), PORT)
        for _ in range(self._wanted):
            with suppress(OSError):  # how many stand is for the proof to say
                self._held.append(socket.create_connection(address, timeout=CONNECT_TIMEOUT_S))

    def proof_of_injection(self) -> dict[str, object] | None:
        now = standing(self._cluster, self._broker)
        if now < self._before + MOST * self._wanted:
            return None
        return {"pod": self._broker, "connections_before": self._before, "connections": now}

    def heal(self) -> None:
        while self._held:
            self._held.pop().close()

    def proof_of_healing(self) -> dict[str, object] | None:
        now = standing(self._cluster, self._broker)
        if now > self._before + (1 - MOST) * self._wanted or not self._cluster.is_ready(self._broker):
            return None
        return {"pod": self._broker, "connections": now}


def standing(cluster: Cluster, broker: str) -> int:
    """Return how many connections to its clients' port a broker has, by its own kernel."""
    done = cluster.run(broker, SOCKETS)
    rows = [line.split() for line in done.stdout.splitlines() if ":" in line]
    if not rows:
        raise Inconclusive(f"the connections of {broker} cannot be read: {done.stderr.strip()[-200:]}")
    here = f"{PORT:04X}"
    return sum(row[3] == ESTABLISHED and row[1].rpartition(":")[2] == here for row in rows)


def may_have(files: int) -> None:
    """Let this process have so many files open; raise Inconclusive when this machine does not let it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files <= soft:
        return
    if hard != resource.RLIM_INFINITY and files > hard:
        raise Inconclusive(f"a storm takes {files} open files, this machine allows {hard}: raise `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
