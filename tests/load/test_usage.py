"""Reading the kernel's files: both cgroup versions, the network, and the script that prints them, run for real."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from harness.measuring.replicas import ReplicaSample
from harness.measuring.usage import (
    NETWORK,
    SCRIPT,
    VOLUME,
    MachineSample,
    Notebook,
    Observed,
    machine_sample,
    network,
    read,
    usage_of,
)
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
INTERFACES = """Inter-|   Receive                                     |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier ...
    lo:  999999    12    0    0    0     0          0         0   999999    12    0    0    0     0       0     0
  eth0: 4000000  3000    0    0    0     0          0         0  7000000  2000    0    0    0     0       0     0
  eth1:     500     5    0    0    0     0          0         0      900     9    0    0    0     0       0     0"""


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
    done = subprocess.run(
        ["bash", "-c", script, "observer", str(tmp_path)],
        input="\n",
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    samples = list(samples_of(done.stdout.splitlines(), clock=RunClock()))
    assert [sample.periods for sample in samples] == [772]
    assert samples[0].received_bytes is not None
    assert (samples[0].volume_used_bytes or 0) > 0
    assert done.stderr == ""


def test_a_log_directory_that_is_not_there_is_no_sample_of_the_volume(tmp_path: Path) -> None:
    for name, content in VERSION_2.items():
        (tmp_path / name).write_text(content + "\n", encoding="ascii")
    script = SCRIPT.replace("/sys/fs/cgroup", str(tmp_path))
    done = subprocess.run(
        ["bash", "-c", script, "observer", str(tmp_path / "gone")],
        input="\n",
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    (sample,) = samples_of(done.stdout.splitlines(), clock=RunClock())
    assert sample.volume_used_bytes is None
    assert sample.periods == 772


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2])
def test_a_file_that_is_missing_or_says_something_else_is_no_sample(files: dict[str, str]) -> None:
    plain = {name: content.replace("\n", " ") for name, content in files.items()}
    for name in plain:
        if name != "cpu.stat":  # it is what tells the versions apart
            with pytest.raises(KeyError):
                usage_of({other: content for other, content in plain.items() if other != name}, time_s=1, node_s=2)
        with pytest.raises((ValueError, KeyError)):
            usage_of({**plain, name: "something else entirely x"}, time_s=1, node_s=2)


def test_the_network_is_all_interfaces_but_the_loopback() -> None:
    joined = INTERFACES.replace("\n", " ")
    assert network(joined) == (4000500, 7000900)
    plain = {name: content.replace("\n", " ") for name, content in VERSION_2.items()}
    sample = usage_of({**plain, NETWORK: joined, VOLUME: "Used 123456"}, time_s=1, node_s=2)
    assert (sample.received_bytes, sample.sent_bytes, sample.volume_used_bytes) == (4000500, 7000900, 123456)


def test_what_was_not_looked_at_is_none_and_never_zero() -> None:
    plain = {name: content.replace("\n", " ") for name, content in VERSION_2.items()}
    sample = usage_of(plain, time_s=1, node_s=2)
    assert (sample.received_bytes, sample.sent_bytes, sample.volume_used_bytes) == (None, None, None)


@pytest.mark.parametrize("content", ["", "Inter-| Receive", "lo: " + "1 " * 16])
def test_counters_without_an_interface_are_refused(content: str) -> None:
    with pytest.raises(ValueError, match="expected the counters"):
        network(content)


def test_what_was_observed_is_read_back_as_it_was(tmp_path: Path) -> None:
    plain = {name: content.replace("\n", " ") for name, content in VERSION_1.items()}
    path = tmp_path / "observed.jsonl"
    with path.open("w", encoding="utf-8") as file:
        notebook = Notebook(Observed(pods={"kafka-0": [], "kafka-1": []}, clock_started_ns=7), file)
        notebook.pod("kafka-0", usage_of(plain, time_s=1, node_s=2))
        notebook.machine(MachineSample(time_s=1, idle_ticks=1, total_ticks=2))
        notebook.replicas(
            ReplicaSample(time_s=1.5, partitions=6, under_replicated=2, out_of_sync=(2,), leader_moves=1, isr_changes=2)
        )
        file.write('{"pod": "kafka-0", "us')
    assert read(path) == notebook.observed
    assert len(notebook.observed.pods["kafka-0"]) == 1


@pytest.mark.parametrize("text", ["", "{}\n", json.dumps({"pods": []}) + "\n"])
def test_a_file_without_its_clock_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "observed.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="when its clock started"):
        read(tmp_path / "observed.jsonl")


def test_a_line_that_nobody_wrote_is_refused(tmp_path: Path) -> None:
    file = io.StringIO()
    Notebook(Observed(clock_started_ns=0), file)
    (tmp_path / "observed.jsonl").write_text(file.getvalue() + '{"broker": 1}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="expected a sample"):
        read(tmp_path / "observed.jsonl")


def test_stolen_time_is_not_idle_and_waiting_for_a_disk_is() -> None:
    sample = machine_sample("cpu  10 1 20 100 7 2 3 4 5 6\ncpu0 ...\n", time_s=1)
    assert (sample.idle_ticks, sample.total_ticks) == (107, 147)
