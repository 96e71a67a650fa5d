"""Verdicts: what the evidence says about a claim. No evidence is never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn


class Verdict(Enum):
    """What can be said about a claim; a verdict has no truth value of its own.

    UNSUPPORTED is for whole clauses: what they would do cannot be done on this cluster, so nothing was tried
    (docs/adr/0013-unsupported-here.md). Whoever judges evidence has some, and never says it.
    """

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    UNSUPPORTED = "UNSUPPORTED"

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self} has no truth value: compare it with Verdict.PASS, FAIL or INCONCLUSIVE")


_SEVERITY = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED, Verdict.PASS)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the verdicts (FAIL > INCONCLUSIVE > UNSUPPORTED > PASS); INCONCLUSIVE when there are none."""
    seen = set(verdicts)
    return next((verdict for verdict in _SEVERITY if verdict in seen), Verdict.INCONCLUSIVE)


class Inconclusive(Exception):
    """The claim could not be judged: the message says which evidence is missing and why."""


class Unsupported(Inconclusive):
    """What was asked for cannot be done on this cluster; the message says what it lacks. Never skipped in silence."""


class UnsupportedHere(Exception):
    """A fault could not be injected because this cluster cannot do it; only `harness.trial.inject` raises this.

    It makes its clause UNSUPPORTED. An `Unsupported` from anywhere else has no such meaning: what a cluster cannot do
    while a fault is proven or undone leaves its clause INCONCLUSIVE.
    """


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a checker saw and that a person should look at, with the evidence that shows it."""

    anomaly: str
    what: str
    evidence: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {"anomaly": self.anomaly, "what": self.what, "evidence": dict(self.evidence)}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What one checker says: a verdict, the reason in one sentence, the findings and what was measured."""

    checker: str
    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...] = ()
    measured: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse the one verdict that no evidence leads to."""
        if self.verdict is Verdict.UNSUPPORTED:
            raise ValueError(f"{self.checker} judged {self.verdict.value}, expected what evidence can say")

    def as_json(self) -> dict[str, object]:
        return {
            "checker": self.checker,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "findings": [finding.as_json() for finding in self.findings],
            "measured": dict(self.measured),
        }


def require(*judgements: Judgement) -> None:
    """Raise unless every judgement is a PASS: AssertionError when one FAILs, Inconclusive when one could not tell."""
    verdict = merge(judgement.verdict for judgement in judgements)
    if verdict is Verdict.PASS:
        return
    reasons = "; ".join(f"{j.checker}: {j.reason}" for j in judgements if j.verdict is verdict) or "nothing was judged"
    raise AssertionError(reasons) if verdict is Verdict.FAIL else Inconclusive(reasons)
