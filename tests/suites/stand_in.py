"""A stand-in: a fault of a clause that is played in virtual time, with less effect than the fault has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.remedies import Remedy


@dataclass(kw_only=True)
class StandIn:
    """A fault that does what it is told, and is proven at once."""

    name: str
    targets: tuple[str, ...]
    do: Callable[[], None]
    undo: Callable[[], None]
    is_well: Callable[[], bool]
    replaced: Callable[[], tuple[str, ...]] = tuple
    number: int = 0
    keep_full: Callable[[], None] = lambda: None
    is_in: bool = False

    def plan(self) -> tuple[str, ...]:
        return self.targets

    def remedies(self) -> tuple[Remedy, ...]:
        return ()

    def inject(self) -> None:
        self.do()
        self.is_in = True

    def proof_of_injection(self) -> dict[str, object]:
        return {"stand-in": self.name}

    def heal(self) -> None:
        if self.is_in:
            self.is_in = False
            self.undo()

    def proof_of_healing(self) -> dict[str, object] | None:
        return {"stand-in": self.name} if self.is_well() else None
