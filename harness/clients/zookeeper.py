"""ZooKeeper as its four-letter words describe it: who leads, who follows, who is away."""

from __future__ import annotations

import socket
from collections.abc import Sequence

PORT = 2181
TIMEOUT_S = 3


def ask(host: str, word: str) -> str | None:
    """Return a member's answer to a four-letter word, or None when it does not answer."""
    try:
        with socket.create_connection((host, PORT), timeout=TIMEOUT_S) as link:
            link.sendall(word.encode())
            chunks = iter(lambda: link.recv(4096), b"")
            return b"".join(chunks).decode()
    except OSError:
        return None


def mode(answer: str | None) -> str | None:
    """Read a member's mode (leader, follower) from its answer to `srvr`; None when it has none."""
    for line in (answer or "").splitlines():
        if line.startswith("Mode: "):
            return line.removeprefix("Mode: ").strip()
    return None


def modes(hosts: Sequence[str]) -> dict[str, str | None]:
    """Return each member's mode by host."""
    return {host: mode(ask(host, "srvr")) for host in hosts}
