"""Mutants: the documented cluster, broken on purpose in one place, and the claim that must notice.

A harness that has never failed proves nothing. Each folder below manifests/mutants is a kustomization whose second
comment line, `# red: DEP-03`, names the claims that must turn red.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from harness.errors import ExitCode, UsageError
from harness.launch import ROOT, Request, launch, suites, testbed_in_use
from harness.progress import Progress
from harness.verdict import Verdict

MUTANTS = ROOT / "manifests" / "mutants"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One broken cluster: what is wrong with it, and which claims must say so."""

    name: str
    path: Path
    what: str
    red: tuple[str, ...]


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    UNKNOWN = "not tried"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run said of a mutant: verdicts by claim id, and the exit code."""

    mutant: Mutant
    exit_code: int
    verdicts: Mapping[str, Verdict]
    reasons: Mapping[str, str]

    @property
    def fate(self) -> Fate:
        """What became of the mutant: it survives what passes, and a claim without a clear word has told nothing."""
        said = [self.verdicts.get(claim) for claim in self.mutant.red]
        if Verdict.PASS in said:
            return Fate.SURVIVED
        if set(said) == {Verdict.FAIL} and self.exit_code == ExitCode.NOT_CERTIFIED:
            return Fate.KILLED
        return Fate.UNKNOWN


def exit_code_of(outcomes: Sequence[Outcome]) -> ExitCode:
    """Return the exit code of a hunt: a mutant that survived weighs more than one of which nothing is known."""
    fates = {outcome.fate for outcome in outcomes}
    if Fate.SURVIVED in fates:
        return ExitCode.NOT_CERTIFIED
    return ExitCode.CERTIFIED if fates == {Fate.KILLED} else ExitCode.INCONCLUSIVE


def read(folder: Path = MUTANTS) -> tuple[Mutant, ...]:
    """Read the catalogue; a mutant that does not say what must turn red is an error."""
    return tuple(_mutant(file) for file in sorted(folder.glob("*/kustomization.yaml")))


def _mutant(file: Path) -> Mutant:
    match = re.match(r"# (?P<what>[^\n]+)\n# red: (?P<red>[A-Z0-9 -]+)\n", file.read_text(encoding="utf-8"))
    if match is None:
        raise UsageError(
            f"{file}:1: a mutant must say what is wrong and which claims turn red",
            remedy="begin the file with the lines '# <what is wrong>' and '# red: <claim ids>'",
        )
    return Mutant(name=file.parent.name, path=file.parent, what=match["what"], red=tuple(match["red"].split()))


def hunt(mutants: Sequence[Mutant], request: Request, *, progress: Progress) -> tuple[Outcome, ...]:
    """Certify one mutant after the other on one testbed, each with DEP-01 and the claims that must notice."""
    with testbed_in_use(keep=request.keep, progress=progress):
        return tuple(_certify(mutant, request, progress=progress) for mutant in mutants)


def _certify(mutant: Mutant, request: Request, *, progress: Progress) -> Outcome:
    progress.note(f"{mutant.name}: {mutant.what}")
    keyword = " or ".join(dict.fromkeys(("DEP-01", *mutant.red)))
    broken = replace(request, manifests=mutant.path, keyword=keyword, keep=False)
    code, folder = launch(broken, work=suites(broken), progress=progress)
    file = folder / "certificate.json"
    clauses = json.loads(file.read_text(encoding="utf-8"))["clauses"] if file.exists() else []
    return Outcome(
        mutant=mutant,
        exit_code=int(code),
        verdicts={clause["id"]: Verdict(clause["verdict"]) for clause in clauses},
        reasons={clause["id"]: clause["reason"] for clause in clauses},
    )
