"""Programs: they are read while they run, typed to, and ended with everything that they started."""

from __future__ import annotations

import os
import signal

import pytest

from harness.errors import MachineError
from harness.running import Outcome, Program, running
from harness.waiting import wait_until


def _end(program: Program) -> Outcome:
    wait_until(lambda: program.ended, what="the program's end", timeout_s=10, every_s=0.01)
    return program.outcome


def _says(program: Program, words: str) -> None:
    wait_until(lambda: words in program.output, what=f"{words!r}", timeout_s=10, every_s=0.01)


@pytest.mark.parametrize("terminal", [False, True])
def test_exit_code_and_both_streams(terminal: bool) -> None:
    command = ["bash", "-c", "echo out; echo err >&2; exit 7"]
    with running(command, environment=os.environ, terminal=terminal) as program:
        outcome = _end(program)
    assert (outcome.exit_code, outcome.lines) == (7, ["out", "err"])
    assert outcome.duration_s >= 0


def test_input_through_pipes() -> None:
    with running(["cat"], environment=os.environ) as program:
        program.type("line\n")
        _says(program, "line")
        assert not program.ended
        program.end_input()
        assert _end(program) == Outcome(exit_code=0, output="line\n", duration_s=program.outcome.duration_s)


def test_input_on_a_terminal_ends_with_a_key() -> None:
    with running(["bash", "-c", "tty; cat"], environment=os.environ, terminal=True) as program:
        _says(program, "/dev/pts/")
        program.type("line\n")
        program.end_input()
        assert _end(program).exit_code == 0
    assert program.output.count("line") == 2, "a terminal echoes what is typed, cat repeats it"


@pytest.mark.parametrize("terminal", [False, True])
def test_interrupt_is_control_c(terminal: bool) -> None:
    command = ["bash", "-c", "trap 'echo interrupted; exit 130' INT; echo ready; read"]
    with running(command, environment=os.environ, terminal=terminal) as program:
        _says(program, "ready")
        program.interrupt()
        assert _end(program).exit_code == 130
    assert "interrupted" in program.output


def test_pipes_are_no_terminal() -> None:
    with running(["tty"], environment=os.environ) as program:
        assert "not a tty" in _end(program).output


@pytest.mark.parametrize("terminal", [False, True])
def test_what_still_runs_is_ended(terminal: bool) -> None:
    with running(["bash", "-c", "echo ready; sleep 1000"], environment=os.environ, terminal=terminal) as program:
        _says(program, "ready")
        assert not program.ended
    assert program.ended
    assert program.outcome.exit_code in (-signal.SIGINT, 128 + signal.SIGINT)


def test_what_ignores_every_plea_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.running._GRACE_S", 0.2)
    deaf = "trap '' INT HUP; echo ready; while true; do sleep 0.1; done"
    with running(["bash", "-c", deaf], environment=os.environ) as program:
        _says(program, "ready")
    assert program.outcome.exit_code == -signal.SIGKILL


def test_an_error_in_the_with_block_ends_the_program() -> None:
    with pytest.raises(ZeroDivisionError), running(["sleep", "1000"], environment=os.environ) as program:
        raise ZeroDivisionError
    assert program.ended


def test_the_outcome_of_what_runs_is_a_mistake() -> None:
    with running(["sleep", "1000"], environment=os.environ) as program, pytest.raises(RuntimeError, match="not ended"):
        _ = program.outcome


def test_typing_after_the_end_is_lost() -> None:
    with running(["true"], environment=os.environ) as program:
        _end(program)
        program.type("too late\n")
        program.interrupt()
    assert program.output == ""


def test_a_program_that_is_not_there() -> None:
    with (
        pytest.raises(MachineError, match="no-such-program is not installed"),
        running(["no-such-program"], environment=os.environ),
    ):
        pass
