"""The certificate: what was claimed, what the evidence says, of which cluster, and how to see it again.

Its JSON form is a public contract (`certificate.schema.json`); every reader, the HTML report included, needs no
more than that file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.claims import Claim
from harness.errors import ExitCode
from harness.evidence import Evidence
from harness.verdict import Verdict, merge

SCHEMA = "greenfield-certificate/2"
REHEARSAL = "rehearsal"
"""What the environment says of a run that took place on no real cluster; it is not there otherwise."""


def exit_code_of(verdict: Verdict) -> ExitCode:
    """Return the exit code by which a pipeline learns of a verdict."""
    return {
        Verdict.PASS: ExitCode.CERTIFIED,
        Verdict.FAIL: ExitCode.NOT_CERTIFIED,
        Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    }[verdict]


@dataclass(frozen=True, kw_only=True)
class ClauseResult:
    """What became of one claim; `started_s` counts from the start of the run."""

    claim: Claim
    verdict: Verdict
    reason: str
    started_s: float
    duration_s: float
    evidence: Evidence

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.claim.id,
            "family": self.claim.family,
            "sentence": self.claim.sentence,
            "protocol": self.claim.protocol,
            "level": self.claim.level.value,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "started_s": round(self.started_s, 3),
            "duration_s": round(self.duration_s, 3),
            **self.evidence.as_json(),
        }


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The result of one run; `not_run` are the claims of its level that have no result."""

    run: Mapping[str, object]
    subject: Mapping[str, object]
    environment: Mapping[str, object]
    clauses: Sequence[ClauseResult]
    not_run: Sequence[Claim]
    events: Sequence[Mapping[str, object]] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst clause; a claim of this level that did not run makes the whole at best INCONCLUSIVE.

        So does a rehearsal: whatever it shows, it shows of no real cluster. A clause that is UNSUPPORTED is neither for
        nor against it: the others decide, and when there are none, nothing was checked.
        """
        verdicts = [clause.verdict for clause in self.clauses if clause.verdict is not Verdict.UNSUPPORTED]
        is_partial = self.not_run or REHEARSAL in self.environment
        return merge([*verdicts, Verdict.INCONCLUSIVE] if is_partial else verdicts)

    @property
    def exit_code(self) -> ExitCode:
        return exit_code_of(self.verdict)

    def count(self, verdict: Verdict) -> int:
        return sum(clause.verdict is verdict for clause in self.clauses)

    def as_json(self) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "verdict": self.verdict.value,
            "exit_code": int(self.exit_code),
            "summary": {
                **{verdict.value.lower(): self.count(verdict) for verdict in Verdict},
                "not_run": len(self.not_run),
            },
            "run": dict(self.run),
            "subject": dict(self.subject),
            "environment": dict(self.environment),
            "clauses": [clause.as_json() for clause in self.clauses],
            "not_run": [{"id": claim.id, "sentence": claim.sentence} for claim in self.not_run],
            "events": [dict(event) for event in self.events],
        }
