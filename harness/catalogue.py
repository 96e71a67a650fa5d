"""The catalogue of claims, read from the suites' own docstrings without running or importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from harness.claims import Claim, Level
from harness.report.words import family_name

ORDER = (
    *("DEP", "DOC", "LOAD", "REP", "GRP", "RET", "TXN", "EOS"),
    *("FAIL", "ROLL", "NET", "ZK", "RES", "STO", "NODE", "SCALE"),
)
"""The families as a run takes them; one that is not listed comes last.

The load comes before what restarts brokers: a broker whose code is still being compiled is not what is to be measured.
"""


def claims_in(folder: Path) -> tuple[Claim, ...]:
    """Return every claim of the suites in a folder, in the order of their ids within each family."""
    found = [claim for file in sorted(folder.glob("test_*.py")) for claim in _claims_of(file)]
    return tuple(sorted(found, key=place))


def place(claim: Claim) -> tuple[int, str]:
    """Return the sorting key of a claim: its family's turn, then its id."""
    return ORDER.index(claim.family) if claim.family in ORDER else len(ORDER), claim.id


def _claims_of(file: Path) -> Iterator[Claim]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), filename=str(file))):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "clause":
                    yield _claim(decorator, ast.get_docstring(node) or "")


def _claim(decorator: ast.Call, docstring: str) -> Claim:
    sentence, _, protocol = docstring.partition("\n\n")
    level = Level.CERTIFY if any(keyword.arg == "level" for keyword in decorator.keywords) else Level.GATE
    claim_id = ast.literal_eval(decorator.args[0])
    return Claim(id=claim_id, sentence=" ".join(sentence.split()), protocol=protocol.strip(), level=level)


def as_markdown(claims: Sequence[Claim]) -> str:
    """Write the catalogue as the page docs/claims.md."""
    lines = [
        "# What is certified",
        "",
        "Generated from the suites by `harness claims --markdown`. `harness gate` runs the clauses marked *gate*,",
        "`harness certify` runs all of them.",
    ]
    for family, members in groupby(claims, key=lambda claim: claim.family):
        lines += ["", f"## {family_name(family)} ({family})"]
        for claim in members:
            lines += ["", f"### {claim.id} ({claim.level.value})", "", f"**{claim.sentence}**"]
            lines += ["", claim.protocol] if claim.protocol else []
    return "\n".join(lines) + "\n"
