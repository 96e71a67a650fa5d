"""The audit: what is left of any fault in a cluster, whoever injected it. No journal is asked, only the cluster."""

from __future__ import annotations

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar

from harness.cluster.pods import Cluster

PACKAGE = "chaos"
"""Where traces are found: a new family is one new file, which nothing else needs to name."""


class Trace(ABC):
    """What one family of faults would leave behind."""

    name: ClassVar[str]
    outlives_namespace: ClassVar[bool] = False
    """Whether it would still be there when the namespace under test is deleted: on a node, for instance."""

    needs_hands: ClassVar[bool] = False
    """Whether looking for it makes something in the cluster, such as an agent, which is gone again afterwards."""

    @abstractmethod
    def left(self, cluster: Cluster) -> tuple[str, ...]:
        """Say what is left, one line each; empty when it was looked for everywhere and nothing is.

        Raise Inconclusive when it cannot be looked for.
        """

    def tidy(self, cluster: Cluster) -> tuple[str, ...]:
        """Take away what is surely nobody's, as whoever heals is alone here, and say what; mostly nothing."""
        del cluster
        return ()


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was looked for and is not there, what is left, and what nobody could look for; the last is never clean."""

    clean: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether everything was looked for, something was, and nothing is left."""
        return bool(self.clean) and not (self.left or self.unknown)


def traces() -> tuple[Trace, ...]:
    """Return one of each kind of trace that the package of faults holds, in the order of their names."""
    package = import_module(PACKAGE)
    for found in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        import_module(found.name)
    return tuple(sorted((kind() for kind in _kinds()), key=lambda trace: trace.name))


def _kinds() -> Iterator[Callable[[], Trace]]:
    """Give every trace that has no kind of its own below it, and is one of the package's."""
    todo = list(Trace.__subclasses__())
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__.startswith(f"{PACKAGE}.") and not kind.__abstractmethods__:
            yield kind


def audit(cluster: Cluster, looking: Sequence[Trace], *, hands: bool = True) -> Audit:
    """Look for each trace; whatever goes wrong while looking leaves that trace unknown, and the others go on.

    Without `hands` nothing is made in the cluster, and what cannot be seen so is unknown.
    """
    clean: list[str] = []
    left: list[str] = []
    unknown: list[str] = []
    for trace in looking:
        if trace.needs_hands and not hands:
            unknown.append(f"{trace.name}: that takes an agent on the nodes, and nothing is to be made")
            continue
        try:
            found = trace.left(cluster)
        except Exception as error:  # whoever could not look, for whatever reason, has not seen that nothing is there
            unknown.append(f"{trace.name}: {_one_line(error)}")
            continue
        left.extend(f"{trace.name}: {what}" for what in found)
        clean.extend([] if found else [trace.name])
    return Audit(clean=tuple(clean), left=tuple(left), unknown=tuple(unknown))


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__
