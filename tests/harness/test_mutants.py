"""Mutants are listed with what must notice them, and one that nobody notices has survived."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalogue import claims_in
from harness.errors import UsageError
from harness.launch import ROOT, SUITES
from harness.mutants import Mutant, Outcome, read
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
    assert outcome(NET_01=Verdict.FAIL, NET_02=Verdict.FAIL).is_killed


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.FAIL], ids=lambda one: one.value)
def test_a_mutant_survives_a_claim_that_says_anything_but_fail(verdict: Verdict) -> None:
    found = outcome(NET_01=Verdict.FAIL, NET_02=verdict)
    assert (found.is_killed, found.survived) == (False, ("NET-02",))


def test_a_mutant_survives_a_claim_that_was_not_run() -> None:
    found = outcome(NET_01=Verdict.FAIL)
    assert (found.is_killed, found.survived) == (False, ("NET-02",))


@pytest.mark.parametrize("exit_code", [0, 2, 3])
def test_a_mutant_survives_a_run_that_does_not_end_as_one_that_certifies_nothing(exit_code: int) -> None:
    assert not outcome(exit_code=exit_code, NET_01=Verdict.FAIL, NET_02=Verdict.FAIL).is_killed


@pytest.mark.parametrize("text", ["", "# What is wrong.\n", "# What is wrong.\n# red:\n", "resources: []\n"])
def test_a_mutant_that_does_not_say_who_must_notice_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / "kustomization.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="must say what is wrong and which claims turn red"):
        read(tmp_path)
