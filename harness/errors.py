"""The errors a user can meet, each with what to do about it and the exit code that a pipeline sees."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The stable exit codes of every command."""

    CERTIFIED = 0
    NOT_CERTIFIED = 1
    INCONCLUSIVE = 2
    HARNESS = 3
    USAGE = 4


class HarnessError(Exception):
    """A failure that is not the cluster's: the message says what we got, the remedy what to do."""

    exit_code: ClassVar[ExitCode] = ExitCode.HARNESS

    def __init__(self, problem: str, *, remedy: str) -> None:
        self.problem = problem.rstrip(".")
        self.remedy = remedy
        super().__init__(f"{self.problem}: {self.remedy}")


class MachineError(HarnessError):
    """This machine, or the Kubernetes it reaches, cannot do what is asked: a tool, room or an answer is missing."""


class UsageError(HarnessError):
    """The request itself is wrong: nothing was started and nothing was created."""

    exit_code = ExitCode.USAGE


class RefusalError(UsageError):
    """The request is dangerous or in doubt: touching the named place could hurt somebody else's work."""
