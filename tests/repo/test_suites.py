"""The clauses: each has an id of its own, a sentence and a protocol, and each family has a part in the gate."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass

from harness.catalogue import ORDER, as_markdown, claims_in
from harness.claims import ID_PATTERN
from harness.report.words import family_name
from tests.repo.tracked import ROOT, Source, expect_none, sources

SHORTEST_PROTOCOL = 20
"""Fewer characters than this do not tell a person how something is checked."""

TOO_LONG_FOR_THE_GATE = {"NET", "ZK", "RES", "STO", "NODE", "SCALE"}
"""Families of faults that must last: half a minute and more for each clause."""


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A clause as it is written down: nothing is imported."""

    place: str
    id: str
    test: str
    level: str
    sentence: str
    protocol: str

    @property
    def family(self) -> str:
        return self.id.split("-", maxsplit=1)[0]


def clauses_of(source: Source) -> list[Clause]:
    """Read the clauses of a file from its syntax."""
    found = []
    for node in ast.walk(source.tree):
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(mark, ast.Call) and ast.unparse(mark.func).split(".")[-1] == "clause":
                assert isinstance(node, ast.FunctionDef)
                found.append(_clause(source, node, mark))
    return found


def _clause(source: Source, node: ast.FunctionDef, mark: ast.Call) -> Clause:
    sentence, _, protocol = (ast.get_docstring(node) or "").partition("\n\n")
    level = next((ast.unparse(keyword.value) for keyword in mark.keywords if keyword.arg == "level"), "Level.GATE")
    return Clause(
        place=f"{source.path}:{node.lineno}",
        id=ast.literal_eval(mark.args[0]),
        test=node.name,
        level=level.split(".")[-1].lower(),
        sentence=" ".join(sentence.split()),
        protocol=protocol.strip(),
    )


CLAUSES = [clause for source in sources() if source.room == "suites" for clause in clauses_of(source)]


def test_there_are_clauses() -> None:
    assert len(CLAUSES) > 20


def test_every_id_is_well_formed_and_unique() -> None:
    expect_none([clause.place for clause in CLAUSES if not ID_PATTERN.fullmatch(clause.id)])
    assert [claim_id for claim_id, times in Counter(clause.id for clause in CLAUSES).items() if times > 1] == []


def test_every_clause_is_a_test_that_pytest_finds() -> None:
    lost = [
        clause.place
        for clause in CLAUSES
        if not (clause.test.startswith("test_") and clause.place.split("/")[-1].startswith("test_"))
    ]
    expect_none(lost)


def test_every_test_of_the_suites_is_a_clause() -> None:
    claimed = {clause.place for clause in CLAUSES}
    tests = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        if source.room == "suites"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    expect_none(place for place in tests if place not in claimed)


def test_every_clause_certifies_one_sentence() -> None:
    bad = [f"{c.place}: {c.sentence!r}" for c in CLAUSES if not c.sentence.endswith(".") or len(c.sentence.split()) < 4]
    expect_none(bad)
    assert [s for s, times in Counter(clause.sentence for clause in CLAUSES).items() if times > 1] == []


def test_every_clause_has_a_protocol_that_a_person_can_read() -> None:
    expect_none([f"{c.place} ({c.id})" for c in CLAUSES if len(c.protocol) < SHORTEST_PROTOCOL])


def test_every_family_has_its_place_in_the_order_of_a_run_and_a_name() -> None:
    families = {clause.family for clause in CLAUSES}
    assert families - set(ORDER) == set(), "give it a place in ORDER of harness/catalogue.py"
    nameless = [family for family in families if family_name(family) == family]
    assert nameless == [], "give it a name in harness/report/words.py"


def test_every_family_has_a_clause_in_the_gate_unless_all_of_it_takes_too_long() -> None:
    in_gate = {clause.family for clause in CLAUSES if clause.level == "gate"}
    assert set(ORDER) - in_gate == TOO_LONG_FOR_THE_GATE


def test_every_level_is_one_of_the_two() -> None:
    expect_none([clause.place for clause in CLAUSES if clause.level not in ("gate", "certify")])


def test_the_catalogue_reads_the_same_clauses() -> None:
    catalogued = {(claim.id, claim.level.value, claim.sentence) for claim in claims_in(ROOT / "suites")}
    assert catalogued == {(clause.id, clause.level, clause.sentence) for clause in CLAUSES}


def test_the_printed_catalogue_is_up_to_date() -> None:
    printed = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    assert printed == as_markdown(claims_in(ROOT / "suites")), "run `harness claims --markdown > docs/claims.md`"


def test_a_bad_clause_is_seen() -> None:
    text = '@clause("rep-1", level=Level.CERTIFY)\ndef check(evidence):\n    """todo"""\n'
    (bad,) = clauses_of(Source("suites/made_up.py", text))
    assert (bad.id, bad.level, bad.sentence, bad.protocol, bad.test) == ("rep-1", "certify", "todo", "", "check")
