"""Launching: what the process of a run says by its exit code is passed on, and no word is no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.claims import Level
from harness.errors import ExitCode, MachineError
from harness.launch import Request, Where, launch
from harness.progress import TerminalProgress


def ran(tmp_path: Path, statement: str) -> ExitCode:
    """Let a run's process do this one thing, and return what is made of how it ended."""
    request = Request(level=Level.GATE, seed=0, reports=tmp_path, cluster=Where.REHEARSAL)
    code, _ = launch(request, work=lambda _, __: ["timeit", "-n1", "-r1", statement], progress=TerminalProgress())
    return code


@pytest.mark.parametrize("code", list(ExitCode))
def test_an_exit_code_is_passed_on(tmp_path: Path, code: ExitCode) -> None:
    assert ran(tmp_path, f"import os; os._exit({int(code)})") is code


@pytest.mark.parametrize(
    ("statement", "how"),
    [("import os; os.kill(os.getpid(), 9)", "SIGKILL"), ("import os; os._exit(77)", "exit status 77")],
)
def test_a_process_that_ends_without_a_word_is_an_error_with_a_way_out(
    tmp_path: Path, statement: str, how: str
) -> None:
    with pytest.raises(MachineError, match=how) as said:
        ran(tmp_path, statement)
    assert "harness heal --all" in said.value.remedy
