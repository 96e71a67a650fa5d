"""Naming faults: names get no answer, or the Service that they belong to is gone."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from chaos.agent import DEADLINE_S
from chaos.rules import Rule, RuleFault
from harness.cluster.objects import make_service, service_manifest
from harness.cluster.pods import KAFKA, Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive

DNS_PORT = 53

# $1: the pod, $2: a name. Whoever gets an answer, even that there is no such name, has been heard.
LOOK_UP = """
pid=$(one "$1"); [[ $pid ]] || exit 0
inside "$pid" timeout 3 bash -c 'tool getent hosts "$1"' tool "$2" >/dev/null; code=$?
case $code in 0) echo found ;; 124) echo silent ;; *) echo refused ;; esac
"""


class NamesUnanswered(RuleFault):
    """A pod asks for names and hears nothing; the answers are dropped on their way into it.

    Proven by answers that were dropped and by a name that is looked up from within the pod's network in vain. Names
    that a process knows already, and connections that stand, are not touched.
    """

    name = "names without an answer"

    def __init__(self, cluster: Cluster, broker: str, *, deadline_s: int = DEADLINE_S) -> None:
        answers = tuple(Rule(chain="INPUT", from_port=DNS_PORT, protocol=kind) for kind in ("udp", "tcp"))
        super().__init__(cluster, {broker: answers}, deadline_s=deadline_s)

    def proof_of_injection(self) -> dict[str, object] | None:
        if not self._agent.is_there():
            return None
        (target,) = self._targets
        name = self._cluster.address(next(pod for pod in self._cluster.brokers if pod != target.pod))
        seen = self._agent.run(target.node, LOOK_UP, target.uid, f"{name}.").strip()
        dropped = self._dropped()
        return {"dropped": dropped, "looked_up": {name: seen}} if dropped and seen == "silent" else None

    def proof_of_healing(self) -> dict[str, object] | None:
        if not (self._all_ready() and self._is_all_undone()):
            return None
        return {"rules": 0, "ready": list(self.plan())}


@dataclass(frozen=True, kw_only=True)
class ServiceThere(Remedy):
    """A Service is there, made again as it was if it is not."""

    manifest: dict[str, Any]

    def apply(self, cluster: Cluster) -> None:
        make_service(cluster, self.manifest)

    def remains(self, cluster: Cluster) -> str:
        name = str(self.manifest["metadata"]["name"])
        return f"there is no Service {name}" if service_manifest(cluster, name) is None else ""


class ServiceDeleted(ByRemedies):
    """The headless Service of the brokers is deleted: none of their names is known any more.

    Proven by a Service that is not there and by documented names that are not known where clients stand.
    """

    name = "headless Service deleted"

    def __init__(self, cluster: Cluster) -> None:
        manifest = service_manifest(cluster, KAFKA)
        if manifest is None:
            raise Inconclusive(f"there is no Service {KAFKA} to delete")
        self._cluster, self._manifest = cluster, manifest

    def plan(self) -> tuple[str, ...]:
        return (f"Service {KAFKA}",)

    def remedies(self) -> tuple[Remedy, ...]:
        return (ServiceThere(manifest=self._manifest),)

    def inject(self) -> None:
        self._cluster.connection.core.delete_namespaced_service(KAFKA, self._cluster.namespace)

    def proof_of_injection(self) -> dict[str, object] | None:
        if service_manifest(self._cluster, KAFKA) is not None or self._known():
            return None
        return {"service": None, "names_known": []}

    def proof_of_healing(self) -> dict[str, object] | None:
        """Every broker must have its name again, or clients that come would not find it."""
        known = self._known()
        if service_manifest(self._cluster, KAFKA) is None or len(known) < len(self._cluster.brokers):
            return None
        return {"service": KAFKA, "names_known": known}

    def _known(self) -> list[str]:
        return [name for pod in self._cluster.brokers if _resolves(name := self._cluster.address(pod))]


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except socket.gaierror:
        return False
