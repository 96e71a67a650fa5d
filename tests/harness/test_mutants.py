"""Mutants are listed with what must notice them; one that passes has survived, one that was not tried is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalogue import claims_in
from harness.errors import ExitCode, UsageError
from harness.launch import ROOT, SUITES
from harness.mutants import Fate, Mutant, Outcome, exit_code_of, read
from harness.verdict import Verdict

MUTANT = Mutant(name="deaf", path=Path("deaf"), what="Nobody hears.", red=("NET-01", "NET-02"))


def outcome(*, exit_code: int = 1, **verdicts: Verdict) -> Outcome:
    """Return what a run said of the mutant, with claims written as names in Python are."""
    found = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    return Outcome(mutant=MUTANT, exit_code=exit_code, verdicts=found, reasons={})


def test_every_mutant_names_claims_that_exist() -> None:
    known = {claim.id for claim in claims_in(SUITES)}
    assert {claim for mutant in read() for claim in mutant.red} <= known


def test_the_guide_lists_every_mutant_with_what_it_turns_red() -> None:
    rows = [line for line in (ROOT / "docs" / "guide.md").read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    listed = {cells[1].strip(" `"): cells[2] for cells in (row.split("|") for row in rows)}
    for mutant in read():
        assert mutant.name in listed, f"docs/guide.md does not list {mutant.name}"
        missing = [claim for claim in mutant.red if claim not in listed[mutant.name]]
        assert not missing, f"docs/guide.md does not say that {mutant.name} turns {', '.join(missing)} red"


def test_a_mutant_that_every_named_claim_notices_is_killed() -> None:
    assert outcome(NET_01=Verdict.FAIL, NET_02=Verdict.FAIL).fate is Fate.KILLED


def test_a_mutant_survives_a_claim_that_passes() -> None:
    assert outcome(NET_01=Verdict.FAIL, NET_02=Verdict.PASS).fate is Fate.SURVIVED
    assert outcome(NET_02=Verdict.PASS).fate is Fate.SURVIVED


@pytest.mark.parametrize(
    "verdict", [one for one in Verdict if one not in {Verdict.FAIL, Verdict.PASS}], ids=lambda one: one.value
)
def test_a_claim_that_says_neither_has_told_nothing_of_a_mutant(verdict: Verdict) -> None:
    assert outcome(NET_01=Verdict.FAIL, NET_02=verdict).fate is Fate.UNKNOWN


def test_a_claim_that_was_not_run_has_told_nothing_of_a_mutant() -> None:
    assert outcome(NET_01=Verdict.FAIL).fate is Fate.UNKNOWN


@pytest.mark.parametrize("exit_code", [0, 2, 3])
def test_a_run_that_does_not_end_as_one_that_certifies_nothing_has_told_nothing(exit_code: int) -> None:
    assert outcome(exit_code=exit_code, NET_01=Verdict.FAIL, NET_02=Verdict.FAIL).fate is Fate.UNKNOWN


KILLED = outcome(NET_01=Verdict.FAIL, NET_02=Verdict.FAIL)
SURVIVED = outcome(NET_01=Verdict.FAIL, NET_02=Verdict.PASS)
NOT_TRIED = outcome()


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((KILLED, KILLED), ExitCode.CERTIFIED),
        ((KILLED, NOT_TRIED), ExitCode.INCONCLUSIVE),
        ((KILLED, NOT_TRIED, SURVIVED), ExitCode.NOT_CERTIFIED),
        ((), ExitCode.INCONCLUSIVE),
    ],
    ids=["all killed", "one not tried", "one survived", "no mutant"],
)
def test_the_exit_code_of_a_hunt(outcomes: tuple[Outcome, ...], code: ExitCode) -> None:
    assert exit_code_of(outcomes) is code


@pytest.mark.parametrize("text", ["", "# What is wrong.\n", "# What is wrong.\n# red:\n", "resources: []\n"])
def test_a_mutant_that_does_not_say_who_must_notice_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / "kustomization.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="must say what is wrong and which claims turn red"):
        read(tmp_path)
