"""Kills inside faults: every family gives a schedule that can be carried out, and only open faults are counted."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from random import Random
from subprocess import DEVNULL, PIPE, Popen

import pytest
from rich.console import Console

from bench.kills import Kill, Said, _kill_all, _step, show
from harness.families import Family, catalogue, require_known
from harness.schedule import parse
from harness.waiting import wait_until


@pytest.mark.parametrize("family", catalogue().values(), ids=catalogue())
def test_every_family_gives_a_schedule_that_can_be_carried_out(family: Family) -> None:
    for seed in range(10):
        require_known(parse(_step(family, Random(seed))), catalogue())


def test_a_kill_in_which_no_fault_was_open_is_not_counted() -> None:
    def kill(step: str, said: Said) -> Kill:
        return Kill(step=step, after_s=1, had_report=True, said=said, healed_s=40, last_line="")

    console = Console(file=io.StringIO(), width=200)
    show([kill("crash:leader@after0.5", Said.CLEAN), kill("drain@after0.5", Said.NOTHING_OPEN)], console=console)
    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    assert "│ there  │ 1                     │ 1     │ 40       │ 40        │" in told
    assert "families: 1; never inside one of: bad-image, " in told
    assert "drain" in told.rpartition("never inside one of:")[2]


def test_children_of_the_killed_end_too() -> None:
    code = "import subprocess, sys; c = subprocess.Popen(['sleep', '600']); print(c.pid, flush=True); c.wait()"
    with Popen([sys.executable, "-c", code], stdout=PIPE, stderr=DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        _kill_all(parent)
    wait_until(lambda: _is_gone(child), what="the child's end", timeout_s=10)


def _is_gone(pid: int) -> bool:
    """Say whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
