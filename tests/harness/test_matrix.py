"""The matrix: a bug that was not found, a wrong finding, a bug that never struck and a missing row are no pass."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import matrix, rules
from harness.cli import main
from harness.errors import UsageError
from harness.histories.reading import read
from harness.judging.judge import judge
from harness.matrix import Matrix, Row, line
from harness.rehearsal.bugs import Bug
from harness.rehearsal.rehearsing import rehearse
from harness.verdict import Verdict

GOOD = Row(bug=Bug.OFFSET_REUSED, seeds=3, struck=3, right=3, anomalies=Counter({"inconsistent-offsets": 3}))
WHOLE = Matrix(rows=(replace(GOOD, bug=None), *(replace(GOOD, bug=bug) for bug in Bug)))


class Here(Executor):
    """Does everything at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_all_bugs_found_and_clean_runs_clean_is_a_pass() -> None:
    assert WHOLE.verdict is Verdict.PASS


@pytest.mark.parametrize(
    "spoilt",
    [
        replace(GOOD, right=2),
        replace(GOOD, struck=2),
        replace(GOOD, wrong=((1, "phantom-read"),)),
        replace(GOOD, seeds=0, struck=0, right=0),
    ],
)
def test_a_row_that_is_not_complete_fails_the_whole(spoilt: Row) -> None:
    assert Matrix(rows=(*WHOLE.rows, spoilt)).verdict is Verdict.FAIL


def test_a_partial_or_empty_matrix_is_no_pass() -> None:
    assert Matrix(rows=WHOLE.rows[:-1]).verdict is Verdict.INCONCLUSIVE
    assert Matrix(rows=WHOLE.rows[1:]).verdict is Verdict.INCONCLUSIVE
    assert Matrix(rows=()).verdict is Verdict.INCONCLUSIVE


def test_real_rows_are_complete() -> None:
    clean, planted = matrix.rows([Bug.VALUE_CORRUPTED], seeds=2, clean_seeds=2, executor=Here())
    assert clean.is_complete
    assert planted.is_complete
    assert planted.anomalies["phantom-read"] == 2


def test_a_finding_that_cannot_come_from_the_bug_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    names = frozenset({"inconsistent-offsets", "phantom-read"})
    monkeypatch.setattr(matrix, "outcome", lambda bug, seed: (names, bug is not None and seed >= 0))
    monkeypatch.setattr(matrix, "clean_row", lambda *_: replace(GOOD, bug=None))
    _, row = matrix.rows([Bug.OFFSET_REUSED], seeds=2, clean_seeds=1, executor=Here())
    assert row.wrong == ((0, "phantom-read"), (1, "phantom-read"))
    assert "WRONG: phantom-read (seed 0)" in line(row)


def test_a_line_says_what_is_not_as_it_should_be() -> None:
    assert line(GOOD).startswith("✓ OFFSET_REUSED")
    assert "STRUCK ONLY 2 TIMES" in line(replace(GOOD, struck=2))
    assert "3/3 pass" in line(replace(GOOD, bug=None, anomalies=Counter()))


def test_an_unknown_bug_is_named() -> None:
    with pytest.raises(UsageError, match="there is no bug NOPE"):
        matrix.bugs_named(["NOPE"])


def test_a_rehearsal_can_be_written_and_judged_again(tmp_path: Path) -> None:
    config = rules.read(matrix.record(rehearse(seed=1), tmp_path / "history.jsonl"))
    assert judge(read(tmp_path / "history.jsonl"), config).verdict is Verdict.PASS


def test_the_command_says_that_a_part_is_not_the_whole() -> None:
    result = CliRunner().invoke(main, ["rehearse", "VALUE_CORRUPTED", "--seeds", "1", "--clean", "1"])
    assert result.exit_code == 2
    assert "2 rows of 44: INCONCLUSIVE" in result.output
