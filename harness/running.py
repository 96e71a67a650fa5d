"""Running programs: started with an input, read while they run, ended on time, nothing of them left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from harness.errors import MachineError

INTERRUPT, END_OF_INPUT = "\x03", "\x04"
"""What the keys ^C and ^D send on a terminal."""

_GRACE_S = 5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a program ended: `exit_code` is negative for a signal; `output` is both of its streams, as they came."""

    exit_code: int
    output: str
    duration_s: float

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


class Program:
    """A program that runs: its output so far, its keyboard, and whether it has ended."""

    def __init__(self, process: subprocess.Popen[bytes], *, terminal: int | None) -> None:
        self._process, self._terminal = process, terminal
        self._started_s = time.monotonic()
        self._ended_s: float | None = None
        self._chunks: list[bytes] = []
        self._reader = threading.Thread(target=self._read, name=f"output of {process.pid}", daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """Everything it has written until now, on both streams."""
        return b"".join(self._chunks).decode("utf-8", errors="replace").replace("\r", "")

    @property
    def on_terminal(self) -> bool:
        """Whether its keyboard is a terminal, where the end of input is a key that somebody must press."""
        return self._terminal is not None

    @property
    def ended(self) -> bool:
        """Whether it has exited and everything that it wrote was read."""
        return self._process.poll() is not None and not self._reader.is_alive()

    @property
    def outcome(self) -> Outcome:
        """How it ended; asking before it has ended is a mistake."""
        if not self.ended or self._ended_s is None:
            raise RuntimeError(f"process {self._process.pid} has not ended: ask `ended` first")
        duration_s = self._ended_s - self._started_s
        return Outcome(exit_code=self._process.returncode, output=self.output, duration_s=duration_s)

    def type(self, text: str) -> None:
        """Type on its keyboard; what is typed after its end is lost, as it is on a terminal."""
        with contextlib.suppress(OSError):
            if self._terminal is not None:
                os.write(self._terminal, text.encode())
            elif self._process.stdin is not None:
                self._process.stdin.write(text.encode())
                self._process.stdin.flush()

    def end_input(self) -> None:
        """Say that nothing more will be typed."""
        if self._terminal is not None:
            self.type(END_OF_INPUT)
        elif self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def interrupt(self) -> None:
        """Press ^C: through the terminal, so that it reaches the far end of `kubectl exec -it`, else as a signal."""
        if self._terminal is not None:
            self.type(INTERRUPT)
        elif self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """End whatever still runs of it: ^C first, as only that ends the far end too, then a hang-up, then kill."""
        for end in (self.interrupt, lambda: self._signal_all(signal.SIGHUP), lambda: self._signal_all(signal.SIGKILL)):
            if self._process.poll() is None:
                end()
                self._give_it(_GRACE_S)
        self._reader.join(timeout=_GRACE_S)
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None
        self.end_input()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _give_it(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)

    def _signal_all(self, number: signal.Signals) -> None:
        """Signal its whole process group, which is its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        source = self._terminal if self._terminal is not None else self._process.stdout.fileno()  # type: ignore[union-attr]
        with contextlib.suppress(OSError):  # a terminal whose other side is gone reads as EIO, not as an end
            while chunk := os.read(source, 65536):
                self._chunks.append(chunk)
        self._process.wait()
        self._ended_s = time.monotonic()


@contextmanager
def running(command: Sequence[str], *, environment: Mapping[str, str], terminal: bool = False) -> Iterator[Program]:
    """Run a program for the length of the `with` block; with `terminal` it has a keyboard and a screen of its own."""
    program = _on_terminal(command, environment) if terminal else _on_pipes(command, environment)
    try:
        yield program
    finally:
        program.close()


def _on_pipes(command: Sequence[str], environment: Mapping[str, str]) -> Program:
    process = _start(command, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, new_session=True)
    return Program(process, terminal=None)


def _on_terminal(command: Sequence[str], environment: Mapping[str, str]) -> Program:
    """Start under a pseudo terminal that controls it: `kubectl exec -it` forwards its keys only from a real one."""
    ours, theirs = os.openpty()
    try:
        process = _start(["setsid", "--ctty", *command], environment, stdin=theirs, stdout=theirs, new_session=False)
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Program(process, terminal=ours)


def _start(
    command: Sequence[str], environment: Mapping[str, str], *, stdin: int, stdout: int, new_session: bool
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            start_new_session=new_session,
        )
    except FileNotFoundError as error:
        raise MachineError(f"{command[0]} is not installed", remedy=f"install {command[0]}") from error
