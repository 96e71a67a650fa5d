"""Verdicts: what the evidence says about a claim. No evidence is never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn


class Verdict(Enum):
    """The three things that can be said about a claim; a verdict has no truth value of its own."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self} has no truth value: compare it with Verdict.PASS, FAIL or INCONCLUSIVE")


_SEVERITY = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the verdicts (FAIL > INCONCLUSIVE > PASS); INCONCLUSIVE when there are none."""
    seen = set(verdicts)
    return next((verdict for verdict in _SEVERITY if verdict in seen), Verdict.INCONCLUSIVE)


class Inconclusive(Exception):
    """The claim could not be judged: the message says which evidence is missing and why."""


class Unsupported(Inconclusive):
    """What was asked for cannot be done on this cluster; the message says what it lacks. Never skipped in silence."""


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
