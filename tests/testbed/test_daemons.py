"""Daemons: found by their pid file, and only when the process is really the one that was started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import MachineError
from testbed import daemons
from testbed.daemons import Daemon
from tests.testbed.fake_proc import add_process

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.mark.parametrize("content", ["", "not a number", "77"])
def test_a_pid_file_that_names_nothing_is_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.pid").write_text(content, encoding="utf-8")
    assert daemons.owned_pid(tmp_path / "x.pid", ("etcd",), proc=tmp_path) is None


def test_no_pid_file_is_nobody(tmp_path: Path) -> None:
    assert daemons.owned_pid(tmp_path / "x.pid", ("etcd",), proc=tmp_path) is None


def test_a_stale_pid_file_does_not_claim_a_stranger(tmp_path: Path) -> None:
    (tmp_path / "x.pid").write_text("77\n", encoding="utf-8")
    add_process(tmp_path, 77, "vim", "thesis.tex")
    assert daemons.owned_pid(tmp_path / "x.pid", ("etcd",), proc=tmp_path) is None
    assert daemons.owned_pid(tmp_path / "x.pid", ("vim", "thesis.tex"), proc=tmp_path) == 77


def test_a_zombie_has_ended(tmp_path: Path) -> None:
    add_process(tmp_path, 5, "etcd", state="Z")
    add_process(tmp_path, 6, "etcd", state="D", name="a Z) b")
    assert not daemons.is_alive(5, proc=tmp_path)
    assert daemons.is_alive(6, proc=tmp_path)
    assert not daemons.is_alive(7, proc=tmp_path)


def test_namespaces_are_entered_before_the_program_and_the_environment_is_clean() -> None:
    daemon = Daemon(
        name="kubelet", argv=("/bin/kubelet", "--x"), dir=Path("/d"), network_namespace="n", mount_namespace=Path("/m")
    )
    argv = daemon.launch_argv()
    assert argv[:2] == ["env", "-i"]
    assert argv[-5:] == ["--net=/run/netns/n", "--mount=/m", "--", "/bin/kubelet", "--x"]


def test_start_find_describe_stop(tmp_path: Path) -> None:
    daemon = Daemon(name="sleeper", argv=SLEEPER, dir=tmp_path / "d")
    daemon.start()
    pid = daemon.pid()
    assert pid is not None
    assert daemons.load(daemon.description_file) == daemon
    assert json.loads(daemon.description_file.read_text(encoding="utf-8"))["argv"] == list(SLEEPER)
    daemon.stop()
    assert daemon.pid() is None
    assert not daemons.is_alive(pid)
    daemon.stop()


def test_what_ignores_the_signal_is_killed() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        daemons.end_processes([process.pid], signal_number=15, timeout_s=0.2)
    assert not daemons.is_alive(process.pid)


def test_a_daemon_does_not_inherit_the_callers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    daemon = Daemon(name="sleeper", argv=SLEEPER, dir=tmp_path)
    daemon.start()
    environment = Path(f"/proc/{daemon.pid()}/environ").read_text(encoding="utf-8")
    daemon.stop()
    assert "HTTPS_PROXY" not in environment
    assert "PATH=" in environment


def test_a_daemon_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    daemon = Daemon(name="x", argv=("no-such-program-at-all",), dir=tmp_path)
    with pytest.raises(MachineError, match=r"x ended at once: its log .*no-such-program-at-all"):
        daemon.start()


def test_last_words(tmp_path: Path) -> None:
    daemon = Daemon(name="x", argv=("x",), dir=tmp_path)
    assert daemon.last_words() == "no log"
    daemon.log_file.write_text("a\nb\nc\n", encoding="utf-8")
    assert daemon.last_words(lines=2) == "b / c"


def test_this_process_has_its_own_command_line() -> None:
    assert daemons.command_line(os.getpid())
    assert daemons.command_line(2**22 + 1) == ()
