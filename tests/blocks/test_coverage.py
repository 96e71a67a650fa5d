"""Coverage: a promise without a clause, with two, and a clause without a promise are all noticed."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from harness.blocks import promises
from harness.claims import clause
from harness.coverage import checked, checks, problems
from harness.document import DEFAULT_PATH, Document, read

# The suites import kafka-python, which reads its own files in a way that Python has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated:DeprecationWarning")

SUITES = Path(__file__).parent.parent.parent / "suites"


@pytest.fixture(scope="module")
def modules() -> list[ModuleType]:
    return [importlib.import_module(f"suites.{path.stem}") for path in sorted(SUITES.glob("test_documented_*.py"))]


def test_every_promise_of_the_page_is_checked_by_one_clause(modules: list[ModuleType]) -> None:
    found = checked(modules)
    assert len(found) == 31
    assert problems(promises(read()), found) == []


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        (
            "\n### Flying\n\n```bash\n# Fly\nkubectl fly\n```\n",
            "'Common Use Cases / Flying / Fly' is checked by no clause",
        ),
        ("\n### Flying\n\n```python\nfly()\n```\n", "'Common Use Cases / Flying' is checked by no clause"),
    ],
)
def test_a_page_that_gains_a_block_is_noticed(
    tmp_path: Path, modules: list[ModuleType], added: str, problem: str
) -> None:
    assert problems(promises(_page(tmp_path, "\n## Additional", f"{added}\n## Additional")), checked(modules)) == [
        problem
    ]


def test_a_page_that_gains_a_command_or_a_practice_is_noticed(tmp_path: Path, modules: list[ModuleType]) -> None:
    command = _page(tmp_path, "kubectl logs kafka-0 -n greenfield\n", "kubectl logs kafka-0 -n greenfield\ndate\n")
    assert problems(promises(command), checked(modules)) == [
        "'Operations / Monitoring / Check broker logs (2)' is checked by no clause"
    ]
    practice = _page(tmp_path, "\n## Common Use Cases", "7. **Backups**: Make them\n\n## Common Use Cases")
    assert problems(promises(practice), checked(modules)) == ["'Best Practices / Backups' is checked by no clause"]


def test_a_page_that_loses_a_command_is_noticed(tmp_path: Path, modules: list[ModuleType]) -> None:
    shorter = _page(tmp_path, "# Check broker logs\nkubectl logs kafka-0 -n greenfield\n", "")
    assert problems(promises(shorter), checked(modules)) == [
        "DOC-07 checks 'Operations / Monitoring / Check broker logs', which is not promised"
    ]


def test_a_promise_with_two_clauses_is_noticed() -> None:
    module = ModuleType("suite")
    for clause_id in ("DOC-01", "DOC-02"):

        @clause(clause_id)
        @checks("a promise")
        def test() -> None: ...

        setattr(module, clause_id, test)
    assert problems(["a promise"], checked([module])) == [
        "'a promise' is checked by DOC-01 and DOC-02, expected one clause"
    ]


def test_what_is_no_clause_checks_nothing() -> None:
    module = ModuleType("suite")

    @checks("a promise")
    def helper() -> None: ...

    module.__dict__["helper"] = helper
    assert problems(["a promise"], checked([module])) == ["'a promise' is checked by no clause"]


def _page(folder: Path, written: str, instead: str) -> Document:
    page = DEFAULT_PATH.read_text(encoding="utf-8")
    assert page.count(written) == 1
    path = folder / "kafka.md"
    path.write_text(page.replace(written, instead), encoding="utf-8")
    return read(path)
