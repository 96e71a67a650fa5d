"""Claims: a pytest test that certifies one sentence, found by a stable id such as REP-03.

The sentence is the first paragraph of the test's docstring; the rest is its protocol, in words for people who do
not read code. An assertion that fails makes the claim FAIL; anything else that goes wrong makes it INCONCLUSIVE,
because then the harness could not check.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import pytest

from harness.waiting import TimedOut, wait_until

ID_PATTERN = re.compile(r"(?P<family>[A-Z]{2,6})-(?P<number>[0-9]{2})")


class Level(Enum):
    """How much is certified: the gate is short and runs on every change, certify runs everything.

    A chaos run is a level of its own: it has one claim, that of its schedule, and no clause of the suites.
    """

    GATE = "gate"
    CERTIFY = "certify"
    CHAOS = "chaos"

    def includes(self, other: Level) -> bool:
        """Say whether a run of this level runs the claims of the other level."""
        return self is other or (self is Level.CERTIFY and other is Level.GATE)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One guarantee: its id, the sentence that is certified, how that is done, and where it runs."""

    id: str
    sentence: str
    protocol: str
    level: Level

    @property
    def family(self) -> str:
        return self.id.split("-")[0]


def clause(claim_id: str, *, level: Level = Level.GATE) -> pytest.MarkDecorator:
    """Mark a test as the clause with this id; the plugin reads its sentence and protocol from the docstring."""
    if not ID_PATTERN.fullmatch(claim_id):
        raise ValueError(f"got claim id {claim_id!r}, expected a family and two digits such as 'REP-03'")
    return pytest.mark.clause(claim_id, level)


def claim_of(function: Callable[..., object], mark: pytest.Mark) -> Claim:
    """Read a claim from a marked test function; refuse one without a sentence."""
    claim_id, level = mark.args
    text = inspect.getdoc(function) or ""
    sentence, _, protocol = text.partition("\n\n")
    sentence = " ".join(sentence.split())
    if not sentence.endswith("."):
        raise ValueError(f"{claim_id}: got docstring {sentence!r}, expected it to start with the certified sentence")
    return Claim(id=claim_id, sentence=sentence, protocol=protocol.strip(), level=level)


def expect_within(
    condition: Callable[[], bool],
    *,
    what: str,
    budget_s: float,
    every_s: float = 0.2,
    detail: Callable[[], str] = lambda: "",
) -> float:
    """Wait for a promised condition and return the seconds it took; a broken promise is an AssertionError."""
    try:
        return wait_until(condition, what=what, timeout_s=budget_s, every_s=every_s, detail=detail)
    except TimedOut as late:
        raise AssertionError(str(late)) from late
