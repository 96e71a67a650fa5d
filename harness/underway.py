"""A fault under way: injected, proven, released and healed, one look after another, without anybody waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from harness.clients.admin import NoAnswer
from harness.evidence import Event
from harness.families import Family
from harness.faults import Fault
from harness.schedule import Step
from harness.verdict import Inconclusive

Note = Callable[[str, str], Event]
"""Records something that happened now, by its kind and what it was."""


@dataclass(frozen=True, kw_only=True)
class Struck:
    """A step that was carried out, and what became of its fault; a moment that has not come is None."""

    step: Step
    family: Family
    fault: str
    victims: tuple[str, ...]
    targets: tuple[str, ...]
    injected_s: float
    proven_s: float | None = None
    released_s: float | None = None
    healed_s: float | None = None
    proof: dict[str, object] = field(default_factory=dict)

    @property
    def hopeless_s(self) -> float:
        """The moment from which its proof is not waited for any more."""
        return self.injected_s + max(self.step.lasts_s, self.family.proof_s)

    def as_json(self) -> dict[str, object]:
        moments = {
            "injected_s": self.injected_s,
            "proven_s": self.proven_s,
            "released_s": self.released_s,
            "healed_s": self.healed_s,
        }
        rounded = {name: None if time_s is None else round(time_s, 2) for name, time_s in moments.items()}
        return {
            "step": str(self.step),
            "fault": self.fault,
            "targets": list(self.targets),
            **rounded,
            "proof": self.proof,
        }


class UnderWay:
    """One fault that was injected; `look` does what its moment has come for, and returns at once."""

    def __init__(self, fault: Fault, struck: Struck, *, pods: Iterable[str]) -> None:
        self.fault, self.struck, self._pods = fault, struck, frozenset(pods)
        self.is_over = False

    def strikes(self, pods: Iterable[str]) -> bool:
        """Say whether it is one of these pods that it strikes."""
        return not self._pods.isdisjoint(pods)

    def look(self, *, now_s: float, note: Note) -> None:
        """Prove it, release it when its time is over, and see whether it is healed."""
        self._prove(note)
        self._release(now_s, note)
        self._conclude(note)

    def _prove(self, note: Note) -> None:
        if self.struck.proven_s is not None or self.struck.released_s is not None:
            return
        proof = _told(self.fault.proof_of_injection)
        if proof is not None:
            self.struck = replace(
                self.struck, proven_s=note("proven", f"{self.struck.step} proven").time_s, proof=proof
            )

    def _release(self, now_s: float, note: Note) -> None:
        struck = self.struck
        if struck.released_s is not None:
            return
        is_due = struck.proven_s is not None and now_s >= struck.injected_s + struck.step.lasts_s
        if is_due or now_s >= struck.hopeless_s:
            self.fault.heal()
            self.struck = replace(struck, released_s=note("released", f"{struck.step} released").time_s)

    def _conclude(self, note: Note) -> None:
        """See whether it is over; of a fault that nothing proves, nothing would prove its healing either."""
        struck = self.struck
        if struck.released_s is None or self.is_over:
            return
        if struck.proven_s is None:
            self.is_over = True
        elif _told(self.fault.proof_of_healing) is not None:
            self.struck = replace(struck, healed_s=note("healed", f"{struck.step} healed").time_s)
            self.is_over = True


def _told(ask: Callable[[], dict[str, object] | None]) -> dict[str, object] | None:
    """Return a proof; while nobody can look, as another fault is in the way for instance, there is none yet."""
    try:
        return ask()
    except (Inconclusive, NoAnswer):
        return None
