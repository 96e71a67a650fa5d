"""A locustfile as a load: what Locust would not take is refused first, and only an outcome is a verdict."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import locusting
from harness.errors import ExitCode, UsageError
from harness.loadrun import LOG, ROOT

SETTINGS: Any = None
EXAMPLE = ROOT / "load" / "example_locustfile.py"


def test_the_example_is_taken_with_its_options() -> None:
    argv = locusting.work(EXAMPLE, ["-t", "20s", "--rate", "50"], against=None)(SETTINGS, Path("settings.json"))
    assert argv == ["harness.locusting", "settings.json", str(EXAMPLE), "-t", "20s", "--rate", "50"]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (None, (), "there is no locustfile"),
        ("def broken(:", (), "SyntaxError"),
        ("", (), "no user class"),
        (EXAMPLE.read_text(encoding="utf-8"), ("--rate", "much"), "--rate: invalid float value"),
        (EXAMPLE.read_text(encoding="utf-8"), ("--speed", "9"), "--speed"),
    ],
)
def test_what_locust_would_not_take_is_refused(
    tmp_path: Path, content: str | None, options: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "mine.py"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        locusting.work(file, options, against=None)


def test_a_locustfile_is_not_compared() -> None:
    with pytest.raises(UsageError, match="--against R"):
        locusting.work(EXAMPLE, (), against="R")


def told(folder: Path, *, code: int, outcome: dict[str, str] | None) -> ExitCode:
    """Tell what came of a Locust that ended so, and left this."""
    test = folder / "load" / "20260101-000000"
    test.mkdir(parents=True)
    (folder / "load" / LOG).write_text("the last line\n", encoding="utf-8")
    if outcome is not None:
        (test / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")
    settings = SimpleNamespace(report_dir=folder, run_id="r")
    run: Any = SimpleNamespace(settings=settings, started_at=datetime.now(UTC), subject={"kafka": "3.9"})
    return locusting._told(run, folder / "load", code=code)


@pytest.mark.parametrize(("code", "verdict"), [(0, "PASS"), (1, "FAIL"), (2, "INCONCLUSIVE")])
def test_the_outcome_and_the_exit_code_of_locust_are_those_of_the_run(tmp_path: Path, code: int, verdict: str) -> None:
    assert told(tmp_path, code=code, outcome={"verdict": verdict, "reason": "so it was"}) == code
    written = json.loads((tmp_path / locusting.RESULT).read_text(encoding="utf-8"))
    assert (written["verdict"], written["folder"]) == (verdict, "load/20260101-000000")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, ExitCode.INCONCLUSIVE),
        (1, ExitCode.INCONCLUSIVE),
        (-9, ExitCode.INCONCLUSIVE),
        (3, ExitCode.HARNESS),
        (4, ExitCode.USAGE),
    ],
)
def test_without_an_outcome_nothing_passes_and_nothing_fails(
    tmp_path: Path, code: int, said: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, code=code, outcome=None) is said
    assert "the last line" in capsys.readouterr().err
