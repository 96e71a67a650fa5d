"""The words for verdicts and families that the page and the terminal share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.certificate import REHEARSAL, Certificate
from harness.claims import Level
from harness.measuring.drift import Difference
from harness.report.figures import plural
from harness.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class VerdictWords:
    """How a verdict is written for a clause (`name`, `sign`) and for the whole certificate (`title`)."""

    name: str
    sign: str
    title: str
    class_: str


VERDICTS: Mapping[Verdict, VerdictWords] = {
    Verdict.PASS: VerdictWords(name="pass", sign="✓", title="CERTIFIED", class_="pass"),
    Verdict.FAIL: VerdictWords(name="fail", sign="✗", title="NOT CERTIFIED", class_="fail"),
    Verdict.INCONCLUSIVE: VerdictWords(name="inconclusive", sign="?", title="INCONCLUSIVE", class_="inconclusive"),
    Verdict.UNSUPPORTED: VerdictWords(name="unsupported", sign="○", title="UNSUPPORTED HERE", class_="unsupported"),
}
STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.UNSUPPORTED: "cyan",
}
"""How the sign of a verdict looks in a line on a terminal."""

ENDURED = {Verdict.PASS: "HELD", Verdict.FAIL: "NOT HELD"}
"""The titles of a chaos run, which certifies nothing but that one schedule was survived."""

NOT_RUN = VerdictWords(name="not run", sign="–", title="NOT RUN", class_="not-run")
SUFFICIENCY: Mapping[str, VerdictWords] = {
    "SUFFICIENT": VerdictWords(name="sufficient", sign="✓", title="SUFFICIENT", class_="pass"),
    "INSUFFICIENT": VerdictWords(name="insufficient", sign="✗", title="INSUFFICIENT", class_="fail"),
    "DRIFT": VerdictWords(name="drift", sign="✗", title="DRIFT", class_="fail"),
    "INCONCLUSIVE": VerdictWords(name="inconclusive", sign="?", title="INCONCLUSIVE", class_="inconclusive"),
}
DIFFERENCES: Mapping[Difference, VerdictWords] = {
    Difference.SAME: VerdictWords(name="same within noise", sign="=", title="SAME", class_="pass"),
    Difference.BETTER: VerdictWords(name="better", sign="▲", title="BETTER", class_="pass"),
    Difference.WORSE: VerdictWords(name="worse", sign="▼", title="WORSE", class_="fail"),
    Difference.UNKNOWN: VerdictWords(name="cannot tell", sign="?", title="CANNOT TELL", class_="inconclusive"),
}

_FAMILIES = {
    "CHAOS": "Chaos",
    "DOC": "Documented",
    "DEP": "Deployment",
    "REP": "Replication",
    "FAIL": "Failover",
    "ROLL": "Rolling",
    "TXN": "Transactions",
    "EOS": "Exactly once",
    "RET": "Retention",
    "GRP": "Groups",
    "LOAD": "Load",
    "NET": "Network",
    "ZK": "ZooKeeper",
    "RES": "Resources",
    "STO": "Storage",
    "NODE": "Nodes",
    "SCALE": "Scaling",
}


def family_name(family: str) -> str:
    """Return the word for a family of claims; one that this list does not know keeps its code."""
    return _FAMILIES.get(family, family)


def verdicts_in(certificate: Certificate) -> tuple[Verdict, ...]:
    """Return the verdicts that are counted: what is supported everywhere leaves no empty column."""
    is_whole = certificate.count(Verdict.UNSUPPORTED) == 0
    return tuple(verdict for verdict in Verdict if not (is_whole and verdict is Verdict.UNSUPPORTED))


def words_of(certificate: Certificate) -> VerdictWords:
    """Return the words for the verdict of the whole: of the suites, or of a chaos run."""
    words = VERDICTS[certificate.verdict]
    is_chaos = certificate.run.get("level") == Level.CHAOS.value
    return replace(words, title=ENDURED.get(certificate.verdict, words.title)) if is_chaos else words


def headline(certificate: Certificate) -> str:
    """Say in a few words what the verdict rests on, to follow the verdict after a colon."""
    said = _counted(certificate)
    return f"{said}, in a rehearsal, which certifies nothing" if REHEARSAL in certificate.environment else said


def _counted(certificate: Certificate) -> str:
    total = len(certificate.clauses) + len(certificate.not_run)
    if not certificate.clauses:
        return "nothing was checked" + (f", {plural(total, 'claim')} did not run" if total else "")
    counted = (
        (certificate.count(Verdict.FAIL), "did not hold", "did not hold"),
        (certificate.count(Verdict.INCONCLUSIVE), "could not be judged", "not judged"),
        (len(certificate.not_run), "did not run", "not run"),
        (certificate.count(Verdict.UNSUPPORTED), "could not be tried here", "not tried here"),
    )
    parts = [item for item in counted if item[0]]
    if not parts:
        return "the only claim held" if total == 1 else f"all {total} claims held"
    (count, first, _), *others = parts
    return ", ".join(
        [f"{count} of {plural(total, 'claim')} {first}", *(f"{count} {then}" for count, _, then in others)]
    )


CHOICE = re.compile(r" (-k|--only|--skip|--lf)\b")
"""In a command: some clauses were chosen, and the others left out on purpose."""


def rerun_command(certificate: Certificate) -> str | None:
    """Return the command that runs again only what is not a pass; None when that is nothing, or all there is.

    What this cluster cannot do is not run again: it still cannot. Nor is what did not run because it was not chosen.
    """
    found_out = (Verdict.PASS, Verdict.UNSUPPORTED)
    ids = [clause.claim.id for clause in certificate.clauses if clause.verdict not in found_out]
    command = certificate.run.get("command")
    if not CHOICE.search(str(command)):
        ids = ids or [claim.id for claim in certificate.not_run]
    if not ids or not command or certificate.count(Verdict.PASS) == 0:
        return None
    whole = re.sub(r" -k '[^']*'", "", str(command))
    return f"{whole} -k {shlex.quote(' or '.join(ids))}"
