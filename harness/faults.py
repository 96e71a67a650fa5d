"""The contract of a fault. What a fault says of itself is never believed: its effect is looked for."""

from __future__ import annotations

from typing import Protocol

from harness.remedies import Remedy


class Fault(Protocol):
    """One fault on chosen targets."""

    @property
    def name(self) -> str:
        """A short name in the field's terms, such as `graceful pod delete`."""

    def plan(self) -> tuple[str, ...]:
        """Return the exact targets, chosen by their live role now; nothing is touched."""

    def remedies(self) -> tuple[Remedy, ...]:
        """Return what undoes it, in the order in which that is to be done, and complete before it is injected.

        Empty where Kubernetes undoes it by itself.
        """

    def inject(self) -> None:
        """Do it. Returning says nothing about the effect. Only `harness.trial.inject` calls this: it journals first."""

    def proof_of_injection(self) -> dict[str, object] | None:
        """Return the evidence that it really happened, or None as long as there is none."""

    def heal(self) -> None:
        """Undo it; may be called at any time, any number of times."""

    def proof_of_healing(self) -> dict[str, object] | None:
        """Return the evidence that its targets are as declared again, or None as long as they are not."""
