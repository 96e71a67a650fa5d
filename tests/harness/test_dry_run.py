"""A dry run: which clauses and which faults there would be, read from the suites alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalogue import claims_in
from harness.claims import Level
from harness.dry_run import lines
from harness.launch import SUITES
from harness.selection import Selection

CLAUSE = '''
from chaos.process import ForcedDelete, GracefulDelete, PodEnds
from suites.there import Ending

def helper(kind):
    return kind

@fixture
def deleted():
    return GracefulDelete

@clause("FAIL-01")
def test_directly():
    """The first sentence."""
    helper(ForcedDelete)

@clause("FAIL-02", level=Level.CERTIFY)
def test_by_a_fixture(deleted: object):
    """The second sentence."""

@clause("REP-01")
def test_by_another_module():
    """The third sentence."""
    Ending()

@clause("REP-02")
def test_gently(kind: PodEnds):
    """The fourth sentence."""
    test_gently()
'''
THERE = '''
from chaos.process import CrashInPlace

class Ending:
    """A class."""
    def end(self):
        CrashInPlace()
'''


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """Return a folder of suites with four clauses."""
    folder = tmp_path / "suites"
    folder.mkdir()
    (folder / "test_made_up.py").write_text(CLAUSE, encoding="utf-8")
    (folder / "there.py").write_text(THERE, encoding="utf-8")
    return folder


def said(suites: Path, *, level: Level = Level.CERTIFY, selection: Selection | None = None) -> dict[str, list[str]]:
    """Return the faults by clause."""
    found: dict[str, list[str]] = {}
    for line in lines(suites, level=level, selection=selection or Selection()):
        if line.startswith(" "):
            found[next(reversed(found))].append(line.split("may inject: ")[1].split(".")[0])
        else:
            found[line.split()[0]] = []
    return found


def test_a_clause_has_the_faults_that_it_comes_to_name(suites: Path) -> None:
    assert said(suites) == {
        "REP-01": ["crash in place"],
        "REP-02": [],
        "FAIL-01": ["forced pod delete"],
        "FAIL-02": ["graceful pod delete"],
    }


def test_only_what_is_asked_for_is_told(suites: Path) -> None:
    assert list(said(suites, level=Level.GATE)) == ["REP-01", "REP-02", "FAIL-01"]
    assert list(said(suites, selection=Selection(only=("FAIL",), skip=("FAIL-01",)))) == ["FAIL-02"]


def test_the_real_suites_can_be_told() -> None:
    found = said(SUITES)
    assert set(found) == {claim.id for claim in claims_in(SUITES)}
    assert found["REP-06"] == ["brokers away"]
    assert "rolling config change" in found["ROLL-01"]
    assert found["REP-01"] == []
