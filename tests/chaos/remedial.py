"""Faults and remedies for tests: what they touch is a set of words in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.cluster.pods import Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive

MODULE = "chaos.remedial"
"""By which name a journal names the remedies below; the fixture `remedial` lets it be imported."""


@dataclass
class Effects:
    """What is wrong now, in the order of its beginning, and what was undone; the state outlives every process."""

    wrong: list[str]
    undone: list[str]
    stubborn: set[str]
    hidden: set[str]


EFFECTS = Effects(wrong=[], undone=[], stubborn=set(), hidden=set())


@dataclass(frozen=True)
class Undone(Remedy):
    """An effect goes, unless it is stubborn; whether a hidden one is there nobody can tell."""

    what: str

    def apply(self, cluster: Cluster) -> None:
        del cluster
        EFFECTS.undone.append(self.what)
        if self.what in EFFECTS.stubborn:
            raise OSError(f"{self.what} does not go")
        if self.what in EFFECTS.wrong:
            EFFECTS.wrong.remove(self.what)

    def remains(self, cluster: Cluster) -> str:
        del cluster
        if self.what in EFFECTS.hidden:
            raise Inconclusive(f"nobody can see {self.what}")
        return f"{self.what} is wrong" if self.what in EFFECTS.wrong else ""


@dataclass(frozen=True)
class UndoneOnTheNode(Undone):
    """An effect that the end of the namespace does not end."""

    outlives_namespace: ClassVar[bool] = True


for kind in (Undone, UndoneOnTheNode):
    kind.__module__ = MODULE


class Wrong:
    """A fault that makes some things wrong."""

    name = "wrong"

    def __init__(self, *what: str) -> None:
        self._what = what

    def plan(self) -> tuple[str, ...]:
        return self._what

    def remedies(self) -> tuple[Remedy, ...]:
        return tuple(Undone(what) for what in self._what)

    def inject(self) -> None:
        EFFECTS.wrong.extend(self._what)

    def proof_of_injection(self) -> dict[str, object] | None:
        return {"wrong": list(self._what)} if set(self._what) <= set(EFFECTS.wrong) else None

    def heal(self) -> None:
        for what in self._what:
            if what in EFFECTS.wrong and what not in EFFECTS.stubborn:
                EFFECTS.wrong.remove(what)

    def proof_of_healing(self) -> dict[str, object] | None:
        return None if set(self._what) & set(EFFECTS.wrong) else {"right": list(self._what)}
