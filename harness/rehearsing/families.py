"""The families of faults that a rehearsal has: those of the suites' pods that end, and what the model itself can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.families import Family, Ground, Span, catalogue
from harness.faults import Fault
from harness.protocols import Identity
from harness.rehearsing.cluster import CRASH, NOT_HERE, RehearsedCluster
from harness.remedies import Remedy
from harness.verdict import Unsupported

ALIKE = ("crash", "delete", "kill")
"""Families that need no more of a cluster than a rehearsal has."""


class Isolation:
    """A broker of the model is cut off from the others and from the controller, though not from clients."""

    name = "partition"

    def __init__(self, cluster: RehearsedCluster, pod: str) -> None:
        self._cluster, self._pod = cluster, pod
        self._broker = next(
            broker for number, broker in cluster.model.brokers.items() if cluster.broker_pod(number) == pod
        )

    def plan(self) -> tuple[str, ...]:
        return (self._pod,)

    def remedies(self) -> tuple[Remedy, ...]:
        """Return none: it ends with the rehearsal."""
        return ()

    def inject(self) -> None:
        self._cluster.model.isolate(self._broker.number)

    def proof_of_injection(self) -> dict[str, object] | None:
        return {"isolated": self._pod} if self._broker.isolated else None

    def heal(self) -> None:
        self._cluster.model.rejoin(self._broker.number)

    def proof_of_healing(self) -> dict[str, object] | None:
        return {"ready": self._pod} if not self._broker.isolated and self._cluster.is_ready(self._pod) else None


class AllCrash:
    """Every broker of the model crashes at the same moment of virtual time."""

    name = "cold start by crash in place"

    def __init__(self, cluster: RehearsedCluster) -> None:
        self._cluster = cluster
        self._before = {pod: cluster.identity(pod) for pod in cluster.brokers}

    def plan(self) -> tuple[str, ...]:
        return self._cluster.brokers

    def remedies(self) -> tuple[Remedy, ...]:
        """Return none: each is started again."""
        return ()

    def inject(self) -> None:
        for pod in self.plan():
            self._cluster.run(pod, CRASH)

    def proof_of_injection(self) -> dict[str, object] | None:
        return {"restarted": list(self.plan())} if all(map(self._is_another, self.plan())) else None

    def _is_another(self, pod: str) -> bool:
        before: Identity | None = self._before[pod]
        now = self._cluster.identity(pod)
        return before is not None and now is not None and now.restarts > before.restarts

    def heal(self) -> None:
        """Leave it to the model, which starts them again."""

    def proof_of_healing(self) -> dict[str, object] | None:
        return {"ready": list(self.plan())} if self._cluster.all_ready() else None


def rehearsed(ground: Ground) -> RehearsedCluster:
    """Return the cluster of a rehearsal; another one is none of these families'."""
    if not isinstance(ground.cluster, RehearsedCluster):
        raise Unsupported(NOT_HERE)
    return ground.cluster


def _isolated(ground: Ground, pods: Sequence[str]) -> Fault:
    return Isolation(rehearsed(ground), *pods)


def _cold_started(ground: Ground, _: Sequence[str]) -> Fault:
    return AllCrash(rehearsed(ground))


def families() -> dict[str, Family]:
    """Return the families of a rehearsal, by the names that they have on a real cluster."""
    real = catalogue()
    own = {
        "isolate": replace(real["isolate"], make=_isolated, lasts=Span(least_s=0.5, most_s=60)),
        "cold-start": replace(real["cold-start"], make=_cold_started),
    }
    found = {**{name: replace(real[name], victims=_brokers(real[name])) for name in ALIKE}, **own}
    return {name: found[name] for name in sorted(found)}


def _brokers(family: Family) -> tuple[str, ...]:
    """Return the victims of a family that a rehearsal has: there is no ZooKeeper."""
    return tuple(victim for victim in family.victims if not victim.startswith("zookeeper"))
