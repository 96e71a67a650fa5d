"""Run a program to its end and say in one sentence when it fails."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import MachineError

# A build step dies with the process that started it and takes all its children and mounts along: nothing of a cut-off
# build goes on in the background.
_CONTAINED = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
)


def contained(argv: Sequence[str | Path]) -> list[str | Path]:
    """The command line that runs `argv` so that it cannot outlive this process."""
    return [*_CONTAINED, *argv]


def offline(argv: Sequence[str | Path]) -> list[str | Path]:
    """The command line that runs `argv` contained and with no network but a loopback of its own."""
    return contained(["unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *argv])


def attempt(
    argv: Sequence[str | Path],
    *,
    stdin: str | None = None,
    timeout_s: float = 120,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `argv` and return what came of it; a time-out or a missing program becomes a MachineError."""
    words = [str(word) for word in argv]
    try:
        return subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            cwd=cwd,
            env={**os.environ, **env} if env else None,
            check=False,
        )
    except FileNotFoundError as error:
        raise MachineError(
            f"the program {words[0]!r} is not installed", remedy="install the package it is in"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise MachineError(
            f"`{shlex.join(words)}` did not end within {timeout_s:g} s",
            remedy="look at the load of this machine, then try again",
        ) from error


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | None = None,
    timeout_s: float = 120,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run `argv` and return its standard output; raise MachineError with its last words when it fails."""
    done = attempt(argv, stdin=stdin, timeout_s=timeout_s, cwd=cwd, env=env)
    if done.returncode != 0:
        last_words = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:]) or "no output"
        raise MachineError(
            f"`{shlex.join(str(word) for word in argv)[:300]}` ended with {done.returncode}",
            remedy=f"it said: {last_words}",
        )
    return done.stdout
