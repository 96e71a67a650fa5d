"""Families of faults, as schedules name them: what one does, whom it may strike, and for how long.

A family is a descriptor below `chaos/families/`, found because it is there: a new one is a few lines in a file that
nothing else needs to name.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from random import Random

from harness import budget, protocols, victims
from harness.budget import Budget, LiveTimeouts
from harness.clients.company import Transactions
from harness.cluster.pods import Cluster
from harness.errors import UsageError
from harness.faults import Fault
from harness.schedule import Schedule, Step
from harness.verdict import Unsupported
from harness.victims import Role

PACKAGE = "chaos.families"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where schedules are carried out: the cluster, and the traffic whose partitions and clients have roles."""

    cluster: protocols.Cluster
    admin: protocols.Admin
    topic: str
    company: Transactions

    @property
    def kubernetes(self) -> Cluster:
        """The cluster as pods of a real Kubernetes; what needs one is unsupported elsewhere."""
        if not isinstance(self.cluster, Cluster):
            raise Unsupported("it needs a real Kubernetes")
        return self.cluster

    def pods(self, victim: str, *, random: Random) -> tuple[str, ...]:
        """Return who has a role now, by its name in schedules; any other name is a pod's."""
        role = ROLES[victim](self) if victim in ROLES else victims.Named(victim)
        return role.pods(victims.Scene(cluster=self.cluster, admin=self.admin, random=random))


ROLES: Mapping[str, Callable[[Ground], Role]] = {
    "leader": lambda ground: victims.LeaderOf(ground.topic),
    "follower": lambda ground: victims.FollowerOf(ground.topic),
    "controller": lambda _: victims.Controller(),
    "broker": lambda _: victims.ABroker(),
    "coordinator": lambda ground: victims.TransactionCoordinator(ground.company.writer_ids[0]),
    "group-coordinator": lambda ground: victims.GroupCoordinator(ground.company.transforming_group),
    "zookeeper-leader": lambda _: victims.ZooKeeperLeader(),
    "zookeeper-follower": lambda _: victims.ZooKeeperFollower(),
}
"""The roles that a victim may be named by: of partitions, the first one of the traffic's topic is meant."""

BROKERS = ("leader", "follower", "controller", "broker", "coordinator", "group-coordinator")
ZOOKEEPERS = ("zookeeper-leader", "zookeeper-follower")


@dataclass(frozen=True, kw_only=True)
class Span:
    """For how long a fault may last, in seconds."""

    least_s: float
    most_s: float


AWHILE = Span(least_s=5, most_s=60)
"""From shorter than a ZooKeeper session to far longer than one."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One kind of fault. `make` makes it for the pods that have the role at this moment; none for one without victims.

    Without `lasts` it ends by itself. One that is `alone` never overlaps another: together they could take away what
    nobody promises to keep. One that `stops_all` leaves nobody to write to until it is healed. `proof_s` is how long
    its proof is waited for.
    """

    name: str
    group: str
    what: str
    make: Callable[[Ground, Sequence[str]], Fault]
    victims: tuple[str, ...] = ()
    lasts: Span | None = None
    alone: bool = False
    stops_all: bool = False
    proof_s: float = 60.0
    budget: Callable[[LiveTimeouts], Budget] = budget.controller_lost
    """How long after its end, or after it struck when it ends by itself, partitions may still acknowledge nothing."""


Catalogue = Mapping[str, Family]


def catalogue(package: str = PACKAGE) -> Catalogue:
    """Return every family that the modules of a package hold, in the order of their names."""
    root = import_module(package)
    modules = [import_module(found.name) for found in pkgutil.walk_packages(root.__path__, f"{package}.")]
    held = [value for module in modules for value in vars(module).values() if isinstance(value, Family)]
    return {family.name: family for family in sorted(held, key=lambda family: family.name)}


def chosen(known: Catalogue, *, only: Iterable[str], skip: Iterable[str]) -> Catalogue:
    """Return the families that a user named, by their names or their groups; a name that nothing has is refused."""
    wanted, unwanted = set(only), set(skip)
    names = {name for family in known.values() for name in (family.name, family.group)}
    if strange := sorted((wanted | unwanted) - names):
        raise UsageError(f"there is no family {', '.join(strange)}", remedy=f"choose from: {_listed(known)}")
    found = {
        name: family
        for name, family in known.items()
        if (not wanted or wanted & {name, family.group}) and not unwanted & {name, family.group}
    }
    if not found:
        raise UsageError("the selection leaves no family of faults", remedy="take something out of --skip")
    return found


def _listed(known: Catalogue) -> str:
    groups = dict.fromkeys(family.group for family in known.values())
    return f"{', '.join(known)}; or their groups: {', '.join(groups)}"


def require_known(schedule: Schedule, known: Catalogue) -> None:
    """Refuse a schedule with a family that is not known, a victim that it cannot strike, or a time that it cannot."""
    for step in schedule.steps:
        if step.family not in known:
            raise UsageError(f"got {step} of no known family", remedy=f"choose from: {_listed(known)}")
        _require_fitting(step, known[step.family])
    for stretch in schedule.stretches:
        lonely = [step for step in stretch if known[step.family].alone]
        if lonely and len(stretch) > 1:
            raise UsageError(
                f"got {lonely[0]} in {','.join(map(str, stretch))}, and {lonely[0].family} never overlaps another",
                remedy="begin it, and the step that follows it, with @after",
            )


def _require_fitting(step: Step, family: Family) -> None:
    roles = ", ".join(family.victims)
    if family.victims and step.victim is None:
        raise UsageError(f"got {step} without a victim", remedy=f"add :role, one of {roles}, or the name of a pod")
    if step.victim in ROLES and step.victim not in family.victims:
        remedy = f"choose from: {roles}" if roles else "leave the victim out"
        raise UsageError(f"got {step}, and {family.name} does not strike a {step.victim}", remedy=remedy)
    if step.victim is not None and not family.victims:
        raise UsageError(f"got {step}, and {family.name} has no victim to choose", remedy="leave the victim out")
    if family.lasts is None and step.lasts_s:
        raise UsageError(f"got {step}, and {family.name} ends by itself", remedy=f"leave out +{step.lasts_s:g}")
    if family.lasts is not None and not family.lasts.least_s <= step.lasts_s <= family.lasts.most_s:
        raise UsageError(
            f"got {step}, and {family.name} lasts {family.lasts.least_s:g} to {family.lasts.most_s:g} s",
            remedy="add +seconds within these",
        )
