"""A selection of clauses by id or family: what is named must exist, or a typo would leave out what it meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.claims import Claim
from harness.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The clauses that are asked for: all of them, or those in `only`, without those in `skip`.

    A part of the clauses never certifies the whole: what is left out is still owed.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def takes(self, claim: Claim) -> bool:
        """Say whether a clause is asked for."""
        names = {claim.id, claim.family}
        return (not self.only or not names.isdisjoint(self.only)) and names.isdisjoint(self.skip)


def selection(only: Sequence[str], skip: Sequence[str], *, known: Sequence[Claim]) -> Selection:
    """Return the selection that a user typed, in any case, words separated by commas or given one by one."""
    asked = Selection(only=_words(only), skip=_words(skip))
    names = {name for claim in known for name in (claim.id, claim.family)}
    strange = sorted({*asked.only, *asked.skip} - names)
    if strange:
        families = ", ".join(dict.fromkeys(claim.family for claim in known))
        raise UsageError(
            f"there is no clause or family {', '.join(strange)}",
            remedy=f"name families ({families}) or clauses, see `harness claims`",
        )
    if not any(asked.takes(claim) for claim in known):
        raise UsageError("the selection leaves no clause to run", remedy="take something out of --skip")
    return asked


def _words(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip().upper() for text in given for word in text.split(",") if word.strip())
