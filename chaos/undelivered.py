"""Data that is still on its way over connections which their owners have given up.

Who waits in vain for an answer closes the connection in the end. The kernel goes on sending what was written to it, in
steps that double, and when it gets through, the other side takes it for new. A broker cannot tell: an UpdateMetadata
of the controller that was a minute late brought back a partition of a topic which had been deleted meanwhile, for good:
the broker was out of sync with it and never ready again (Kafka 3.9.1 with ZooKeeper). So a fault that keeps packets
from arriving is not over while anything of that kind is under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.cluster.objects import address_of
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive

LOOK = ("bash", "-c", "cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null; true")
HEAD = "local_address"

CLOSED_UNHEARD = frozenset({"04", "09", "0B"})
"""FIN_WAIT1, LAST_ACK and CLOSING: closed on this side, and the other has not said that it has everything."""


def undelivered(cluster: Cluster, pods: Sequence[str]) -> tuple[str, ...]:
    """Return between which of these pods there is such data, as `from -> to`; raise Inconclusive if nobody can look."""
    names = {address_of(cluster, pod): pod for pod in pods}
    return tuple(f"{pod} -> {peer}" for pod in pods for peer in _peers(_table(cluster, pod), names))


def _table(cluster: Cluster, pod: str) -> str:
    done = cluster.run(pod, LOOK)
    if HEAD not in done.stdout:
        raise Inconclusive(f"the connections of {pod} cannot be seen: {done.stderr.strip()[-200:]}")
    return done.stdout


def _peers(table: str, names: Mapping[str, str]) -> Iterator[str]:
    """Give the other ends of such connections, as far as they have a name; the table is that of the kernel."""
    for line in table.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] in CLOSED_UNHEARD:
            peer = names.get(_ipv4(words[2].partition(":")[0]))
            if peer is not None:
                yield peer


def _ipv4(words: str) -> str:
    """Write an address of the kernel's table for people: its last four bytes, the last one first.

    An IPv4 connection of a Java process stands among those of IPv6, as ::ffff:a.b.c.d.
    """
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(words[-8:])))
