"""Reading the kernel's files: both cgroup versions, and the script that prints them, run for real."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.measuring.usage import SCRIPT, machine_sample, usage_of
from harness.observers import samples_of
from harness.runclock import RunClock

VERSION_1 = {
    "cpu/cpu.stat": "nr_periods 772\nnr_throttled 54\nthrottled_time 889288566\nnr_bursts 0",
    "cpu/cpu.cfs_quota_us": "50000",
    "cpu/cpu.cfs_period_us": "100000",
    "cpuacct/cpuacct.usage": "25678618169",
    "memory/memory.usage_in_bytes": "473358336",
    "memory/memory.limit_in_bytes": "1073741824",
    "memory/memory.stat": "cache 33263616\nrss 434765824",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2",
}
VERSION_2 = {
    "cpu.stat": "usage_usec 25678618\nuser_usec 1\nnr_periods 772\nnr_throttled 54\nthrottled_usec 889288",
    "cpu.max": "50000 100000",
    "memory.current": "473358336",
    "memory.max": "1073741824",
    "memory.stat": "anon 434765824\nfile 1",
    "memory.events": "low 0\noom 2\noom_kill 2",
}


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2])
def test_a_sample_is_the_same_in_both_versions(files: dict[str, str]) -> None:
    usage = usage_of({name: content.replace("\n", " ") for name, content in files.items()}, time_s=1, node_s=2)
    assert usage.cpu_s == pytest.approx(25.678618, abs=1e-6)
    assert (usage.periods, usage.throttled_periods, usage.oom_kills) == (772, 54, 2)
    assert usage.throttled_s == pytest.approx(0.889288, abs=1e-6)
    assert (usage.quota_cores, usage.memory_limit_bytes) == (0.5, 1 << 30)
    assert (usage.memory_bytes, usage.anonymous_bytes) == (473358336, 434765824)


def test_no_limit_is_none() -> None:
    first = usage_of(
        {**VERSION_1, "cpu/cpu.cfs_quota_us": "-1", "memory/memory.limit_in_bytes": "9223372036854771712"},
        time_s=1,
        node_s=2,
    )
    second = usage_of({**VERSION_2, "cpu.max": "max 100000", "memory.max": "max"}, time_s=1, node_s=2)
    for usage in (first, second):
        assert usage.quota_cores is None
        assert usage.memory_limit_bytes is None


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2])
def test_the_script_prints_samples_and_ends_with_its_reader(files: dict[str, str], tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content + "\n", encoding="ascii")
    script = SCRIPT.replace("/sys/fs/cgroup", str(tmp_path))
    done = subprocess.run(["bash", "-c", script], input="\n", capture_output=True, text=True, timeout=10, check=True)
    samples = list(samples_of(done.stdout.splitlines(), clock=RunClock()))
    assert [sample.periods for sample in samples] == [772]
    assert done.stderr == ""


def test_stolen_time_is_not_idle_and_waiting_for_a_disk_is() -> None:
    sample = machine_sample("cpu  10 1 20 100 7 2 3 4 5 6\ncpu0 ...\n", time_s=1)
    assert (sample.idle_ticks, sample.total_ticks) == (107, 147)
