"""Whatever happens inside a command, it ends with one sentence and the exit code that stands for it."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from harness.errors import ExitCode, MachineError, UsageError
from harness.exits import EndsPlainly


def ends(error: BaseException | None) -> tuple[int, str]:
    """Return the exit code of a command in which this happens, and what it says."""

    @click.command(cls=EndsPlainly)
    def happens() -> None:
        if error is not None:
            raise error

    result = CliRunner().invoke(happens, [])
    return result.exit_code, result.stderr


def test_a_command_in_which_nothing_happens_ends_with_0_and_says_nothing() -> None:
    assert ends(None) == (ExitCode.CERTIFIED, "")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            MachineError("the disk is full", remedy="make room"),
            ExitCode.HARNESS,
            "the disk is full: make room",
        ),
        (UsageError("there is no x", remedy="name a y"), ExitCode.USAGE, "harness: there is no x: name a y"),
        (click.UsageError("No such option"), ExitCode.USAGE, "Error: No such option"),
        (KeyboardInterrupt(), ExitCode.INCONCLUSIVE, "harness: interrupted"),
        (ValueError("x"), ExitCode.HARNESS, "harness: this is a fault of the harness itself:\nTraceback"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_told_and_has_its_exit_code(error: BaseException, code: ExitCode, said: str) -> None:
    found_code, found = ends(error)
    assert found_code == code
    assert said in found
