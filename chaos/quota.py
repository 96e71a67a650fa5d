"""A quota: each broker holds a client to a rate of its own, by keeping it waiting, and lets everybody else go on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.cluster.pods import Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive

RATE = "producer_byte_rate"
TOLD = re.compile(rf"\b{RATE}=([0-9.Ee+]+)")
ANSWER_S = 60.0
"""For a command of the image: its virtual machine starts on what CPU the broker leaves it."""


@dataclass(frozen=True)
class Unlimited(Remedy):
    """A client may produce as fast as it can; other quotas, and those of others, are not touched."""

    client: str

    def apply(self, cluster: Cluster) -> None:
        if self.remains(cluster):
            _configs(cluster, self.client, "--alter", "--delete-config", RATE)

    def remains(self, cluster: Cluster) -> str:
        rate = quota_of(cluster, self.client)
        return "" if rate is None else f"client {self.client} is held to {rate:g} B/s by each broker"


class Quota(ByRemedies):
    """All brokers hold one client to a rate of produced bytes.

    Proven by what a broker tells of the client's quota. That it is also kept to is for whoever measures the client.
    """

    name = "quota on producers"

    def __init__(self, cluster: Cluster, client: str, *, bytes_per_s: float) -> None:
        if quota_of(cluster, client) is not None:
            raise Inconclusive(f"client {client} has a quota already, which is not ours to change")
        self._cluster, self._client, self._bytes_per_s = cluster, client, bytes_per_s

    def plan(self) -> tuple[str, ...]:
        return self._cluster.brokers

    def remedies(self) -> tuple[Remedy, ...]:
        return (Unlimited(self._client),)

    def inject(self) -> None:
        _configs(self._cluster, self._client, "--alter", "--add-config", f"{RATE}={self._bytes_per_s:.0f}")

    def proof_of_injection(self) -> dict[str, object] | None:
        told = quota_of(self._cluster, self._client)
        return {"client": self._client, RATE: told} if told == round(self._bytes_per_s) else None

    def proof_of_healing(self) -> dict[str, object] | None:
        if not self._is_undone():
            return None
        return {"client": self._client, RATE: None}


def quota_of(cluster: Cluster, client: str) -> float | None:
    """Return how many bytes a client may produce per second on each broker; None when it has no such quota."""
    told = TOLD.search(_configs(cluster, client, "--describe"))
    return None if told is None else float(told.group(1))


def _configs(cluster: Cluster, client: str, *does: str) -> str:
    """Run the image's command in a broker that is ready, and return what it printed."""
    ready = [pod for pod in cluster.brokers if cluster.is_ready(pod)]
    if not ready:
        raise Inconclusive(f"no broker is ready, so nobody can be asked about the quota of {client}")
    entity = ("--entity-type", "clients", "--entity-name", client)
    command = ["kafka-configs", "--bootstrap-server", "localhost:9092", *entity, *does]
    done = cluster.run(ready[0], command, timeout_s=ANSWER_S)
    if done.returncode != 0:
        raise Inconclusive(f"{' '.join(command)} failed in {ready[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout
