"""One daemon of the testbed: started detached, found again by its pid file, ended only when it is surely ours."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError
from harness.waiting import wait_until
from testbed.shell import run

# The shell writes its own pid and becomes the daemon, so the pid file is complete before the daemon runs.
_START = 'echo $$ >"$1.new" && mv "$1.new" "$1" && exec >>"$2" 2>&1 </dev/null && shift 2 && exec "$@"'

# A proxy or a kubeconfig in the caller's environment must not reach the daemons.
_CLEAN_ENVIRONMENT = ("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root")


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """A long-running program and the files that describe it: `<name>.pid`, `<name>.log`, `<name>.json`."""

    name: str
    argv: tuple[str, ...]
    dir: Path
    network_namespace: str | None = None
    mount_namespace: Path | None = None

    @property
    def pid_file(self) -> Path:
        return self.dir / f"{self.name}.pid"

    @property
    def log_file(self) -> Path:
        return self.dir / f"{self.name}.log"

    @property
    def description_file(self) -> Path:
        return self.dir / f"{self.name}.json"

    def launch_argv(self) -> list[str]:
        """The whole command line: detach, note the pid, enter the namespaces, become the program."""
        enter: list[str] = []
        if self.network_namespace or self.mount_namespace:
            enter = ["nsenter"]
            enter += [f"--net=/run/netns/{self.network_namespace}"] if self.network_namespace else []
            enter += [f"--mount={self.mount_namespace}"] if self.mount_namespace else []
            enter += ["--"]
        return [
            *_CLEAN_ENVIRONMENT,
            "setsid",
            "--fork",
            "sh",
            "-c",
            _START,
            "sh",
            str(self.pid_file),
            str(self.log_file),
            *enter,
            *self.argv,
        ]

    def start(self) -> None:
        """Start it detached from this process; its description lets anyone start the same daemon again."""
        self.dir.mkdir(parents=True, exist_ok=True)
        self.pid_file.unlink(missing_ok=True)
        self.description_file.write_text(json.dumps(self._description(), indent=2), encoding="utf-8")
        run(self.launch_argv())
        wait_until(self._has_become_itself, what=f"the start of {self.name}", timeout_s=10, every_s=0.005)

    def _has_become_itself(self) -> bool:
        """Whether the shell that noted its pid has become the program; only then does the pid file count as ours."""
        try:
            pid = int(self.pid_file.read_text(encoding="utf-8"))
        except OSError:
            return False
        if not is_alive(pid):
            raise MachineError(
                f"{self.name} ended at once", remedy=f"its log {self.log_file} ends: {self.last_words()}"
            )
        return command_line(pid) == self.argv

    def _description(self) -> dict[str, object]:
        return {
            "name": self.name,
            "argv": list(self.argv),
            "network_namespace": self.network_namespace,
            "mount_namespace": str(self.mount_namespace) if self.mount_namespace else None,
        }

    def pid(self) -> int | None:
        """The pid of the running daemon; None when it does not run or when its pid now names something else."""
        return owned_pid(self.pid_file, self.argv)

    def stop(self, *, signal_number: int = signal.SIGTERM, timeout_s: float = 30) -> None:
        """Ask it to end and wait until it has; kill it when it does not listen."""
        pid = self.pid()
        if pid is None:
            return
        end_processes([pid], signal_number=signal_number, timeout_s=timeout_s)
        self.pid_file.unlink(missing_ok=True)

    def last_words(self, *, lines: int = 5) -> str:
        """The last lines of its log, for the sentence that says why it is not there."""
        with suppress(OSError):
            return " / ".join(self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return "no log"


def load(description_file: Path) -> Daemon:
    """The daemon that a description on disk describes."""
    known = json.loads(description_file.read_text(encoding="utf-8"))
    return Daemon(
        name=known["name"],
        argv=tuple(known["argv"]),
        dir=description_file.parent,
        network_namespace=known["network_namespace"],
        mount_namespace=Path(known["mount_namespace"]) if known["mount_namespace"] else None,
    )


def owned_pid(pid_file: Path, argv: Sequence[str], *, proc: Path = Path("/proc")) -> int | None:
    """The pid in `pid_file` if that process was started with exactly `argv`: a stale file may name a stranger."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None
    return pid if command_line(pid, proc=proc) == tuple(argv) and is_alive(pid, proc=proc) else None


def command_line(pid: int, *, proc: Path = Path("/proc")) -> tuple[str, ...]:
    """The words a process was started with; empty when it is gone (or a zombie or a kernel thread)."""
    try:
        raw = (proc / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(raw.decode(errors="replace").rstrip("\0").split("\0")) if raw else ()


def is_alive(pid: int, *, proc: Path = Path("/proc")) -> bool:
    """Whether the process still runs; a zombie has ended, whoever its parent is."""
    try:
        stat = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def end_processes(pids: Sequence[int], *, signal_number: int = signal.SIGKILL, timeout_s: float = 10) -> None:
    """Signal these processes and wait until all have ended; what ignores the signal is killed."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)

    def none_left() -> bool:
        return not any(is_alive(pid) for pid in pids)

    if signal_number != signal.SIGKILL:
        with suppress(Exception):
            wait_until(none_left, what="the end of processes", timeout_s=timeout_s, every_s=0.05)
            return
        for pid in filter(is_alive, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    wait_until(none_left, what=f"the end of processes {list(pids)}", timeout_s=timeout_s, every_s=0.05)
