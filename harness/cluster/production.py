"""Production: a cluster that looks like one on which somebody depends is used only by who says that it may be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.cluster.connection import Connection, Refused, metadata
from harness.errors import RefusalError

MEMBERS = frozenset({"kafka", "zookeeper"})
TELLING = frozenset({"live", "prd", "prod", "production"})
"""Words in the name of a context or a namespace that tell what it is for."""

MANY_NODES = 10
"""More nodes than this are nobody's trial cluster."""

MANY_PODS = 6
"""More pods in the namespace than this that are no brokers or ZooKeeper members are somebody's work."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What there is about a namespace."""

    context: str
    namespace: str
    nodes: int | None
    """None when nobody may count them."""
    foreign_pods: int

    @classmethod
    def of(cls, connection: Connection, namespace: str) -> Surroundings:
        """Look at a cluster; nothing is changed."""
        pods = connection.core.list_namespaced_pod(namespace).items
        names = [metadata(pod).name or "" for pod in pods]
        return cls(
            context=connection.context,
            namespace=namespace,
            nodes=_nodes(connection),
            foreign_pods=sum(name.rsplit("-", 1)[0] not in MEMBERS for name in names),
        )


def _nodes(connection: Connection) -> int | None:
    try:
        return len(connection.core.list_node().items)
    except Refused:
        return None


def signs(around: Surroundings) -> tuple[str, ...]:
    """Say what makes a cluster look like one on which somebody depends. Pure."""
    found = [
        f"the {what} is called {name!r}"
        for what, name in (("context", around.context), ("namespace", around.namespace))
        if TELLING & set(re.split(r"[^a-z]+", name.lower()))
    ]
    if around.nodes is None:
        found.append("its nodes cannot be counted")
    elif around.nodes > MANY_NODES:
        found.append(f"it has {around.nodes} nodes")
    if around.foreign_pods > MANY_PODS:
        found.append(f"{around.foreign_pods} other pods run in the namespace")
    return tuple(found)


def refuse_production(connection: Connection, namespace: str, *, known: str | None) -> None:
    """Raise RefusalError for a cluster that looks like production, unless the user has named its namespace as known.

    The testbed is nobody's production.
    """
    if connection.target.is_testbed or known == namespace:
        return
    found = signs(Surroundings.of(connection, namespace))
    if found:
        raise RefusalError(
            f"this looks like a cluster on which somebody depends: {'; '.join(found)}",
            remedy=f"faults will be injected there; if nobody does, say so with --i-know-this-is {namespace}",
        )
