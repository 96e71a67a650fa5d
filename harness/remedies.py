"""Remedies: what undoes a fault, as plain data, so that any machine can heal after the one that injected it is gone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from typing import ClassVar

from harness.cluster.pods import Cluster

ROOM = "chaos."
"""Remedies live beside their faults; a journal names them by module and class, and nothing else is ever imported."""


class Remedy(ABC):
    """One idempotent act that undoes one effect of one fault; a frozen dataclass whose fields are JSON values.

    It is journalled before the fault is injected, so it must be complete by then, and applying it when there is
    nothing to undo must change nothing. A target that is gone together with the effect (a pod that was replaced, a
    StatefulSet that was deleted) is nothing to undo either.
    """

    outlives_namespace: ClassVar[bool] = False
    """Whether the effect is still there when the namespace under test is deleted: on a node, for instance."""

    @abstractmethod
    def apply(self, cluster: Cluster) -> None:
        """Undo the effect, or do nothing where there is none; returning says nothing about success."""

    @abstractmethod
    def remains(self, cluster: Cluster) -> str:
        """Say what is left of the effect, in words; empty when it was looked for and nothing is left.

        Raise Inconclusive when nobody can tell: unknown is never clean.
        """

    def as_json(self) -> dict[str, object]:
        """Return the remedy as it stands in a journal."""
        kind = type(self)
        return {"remedy": f"{kind.__module__}:{kind.__qualname__}", "arguments": asdict(self)}  # type: ignore[call-overload]


class ByRemedies(ABC):
    """What faults share that are healed by their remedies and by nothing else."""

    _cluster: Cluster

    @abstractmethod
    def remedies(self) -> tuple[Remedy, ...]: ...

    def heal(self) -> None:
        for remedy in self.remedies():
            remedy.apply(self._cluster)

    def _is_undone(self) -> bool:
        """Say whether nothing is left of the fault; an agent on its way out may not have undone everything yet."""
        return not any(remedy.remains(self._cluster) for remedy in reversed(self.remedies()))


def remedy_of(line: Mapping[str, object]) -> Remedy:
    """Read a remedy back from a journal; a name that is not a remedy of `chaos` raises ValueError."""
    name, arguments = str(line.get("remedy", "")), line.get("arguments")
    module, _, kind_name = name.partition(":")
    if not module.startswith(ROOM) or not isinstance(arguments, dict):
        raise ValueError(f"got {dict(line)!r}, expected a remedy of the package chaos with its arguments")
    kind = getattr(_imported(module), kind_name, None)
    if not (isinstance(kind, type) and issubclass(kind, Remedy)):
        raise ValueError(f"got {name!r}, expected the name of a remedy such as 'chaos.scale:Replicas'")
    try:
        return kind(**arguments)
    except TypeError as error:
        raise ValueError(f"got the arguments {arguments!r}, which are not those of {name}") from error


def _imported(module: str) -> object:
    try:
        return import_module(module)
    except ImportError as error:
        raise ValueError(f"got a remedy of {module!r}, which this version does not have") from error
