"""The documented page as a whole: nothing on it is left unchecked."""

from __future__ import annotations

import importlib
from pathlib import Path

from harness.blocks import promises
from harness.claims import clause
from harness.coverage import checked, problems
from harness.document import Document
from harness.evidence import Evidence


@clause("DOC-22")
def test_every_block_is_checked(document: Document, evidence: Evidence) -> None:
    """Every command, program and best practice of the page is checked by exactly one claim.

    The page is cut into its commands (one for each line of a Bash block), its programs and its numbered best practices.
    Each must be named by exactly one of the DOC claims. A page that has gained a block fails here until a
    claim checks it; so does a claim that checks what the page no longer says.
    """
    modules = [
        importlib.import_module(f"suites.{path.stem}")
        for path in sorted(Path(__file__).parent.glob("test_documented_*.py"))
    ]
    promised = promises(document)
    evidence.fact(promises=len(promised), page=str(document.path.name))
    found = problems(promised, checked(modules))
    assert not found, "; ".join(found)
