"""What a container and a machine use, read from the kernel's own files (cgroup v1 and v2, /proc/stat)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FILES = (
    "cpu.stat",
    "cpu.max",
    "memory.current",
    "memory.max",
    "memory.stat",
    "memory.events",
    "cpu/cpu.stat",
    "cpu/cpu.cfs_quota_us",
    "cpu/cpu.cfs_period_us",
    "cpuacct/cpuacct.usage",
    "memory/memory.usage_in_bytes",
    "memory/memory.limit_in_bytes",
    "memory/memory.stat",
    "memory/memory.oom_control",
)
"""Below /sys/fs/cgroup; a container has either the first six or the others, where `cpu` may be a link."""

END = "end"

SCRIPT = f"""
cd /sys/fs/cgroup; files=()
for file in {" ".join(FILES)}; do [[ -r $file ]] && files+=("$file"); done
while :; do
  for file in "${{files[@]}}"; do mapfile -t lines <"$file"; printf '%s %s\\n' "$file" "${{lines[*]}}"; done
  printf '{END} %s\\n' "$EPOCHREALTIME"
  read -r -t 1; (($? > 128)) || break
done
"""
"""Prints a sample each second with nothing but the shell's builtins: no process is started, so it costs the broker
next to nothing. It waits by reading from its input with a time-out, so it ends when its reader goes away."""

NS_PER_S = 1e9
US_PER_S = 1e6


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One sample of a container; counters count since its start. `quota_cores` is None where there is no limit.

    `time_s` is on the run's clock, `node_s` on the node's own: rates are taken over the latter, because a sample may
    be some time under way.
    """

    time_s: float
    node_s: float
    cpu_s: float
    periods: int
    throttled_periods: int
    throttled_s: float
    quota_cores: float | None
    memory_bytes: int
    anonymous_bytes: int
    memory_limit_bytes: int | None
    oom_kills: int


def usage_of(files: Mapping[str, str], *, time_s: float, node_s: float) -> Usage:
    """Read one sample from the contents of the files, lines joined by spaces. A missing file raises KeyError."""
    return (_version_2 if "cpu.stat" in files else _version_1)(files, time_s, node_s)


def _version_1(files: Mapping[str, str], time_s: float, node_s: float) -> Usage:
    cpu, memory = _table(files["cpu/cpu.stat"]), _table(files["memory/memory.stat"])
    quota_us, limit = int(files["cpu/cpu.cfs_quota_us"]), int(files["memory/memory.limit_in_bytes"])
    return Usage(
        time_s=time_s,
        node_s=node_s,
        cpu_s=int(files["cpuacct/cpuacct.usage"]) / NS_PER_S,
        periods=cpu["nr_periods"],
        throttled_periods=cpu["nr_throttled"],
        throttled_s=cpu["throttled_time"] / NS_PER_S,
        quota_cores=quota_us / int(files["cpu/cpu.cfs_period_us"]) if quota_us > 0 else None,
        memory_bytes=int(files["memory/memory.usage_in_bytes"]),
        anonymous_bytes=memory["rss"],
        memory_limit_bytes=limit if limit < 1 << 60 else None,
        oom_kills=_table(files["memory/memory.oom_control"]).get("oom_kill", 0),
    )


def _version_2(files: Mapping[str, str], time_s: float, node_s: float) -> Usage:
    cpu, memory = _table(files["cpu.stat"]), _table(files["memory.stat"])
    quota, period = files["cpu.max"].split()
    limit = files["memory.max"].strip()
    return Usage(
        time_s=time_s,
        node_s=node_s,
        cpu_s=cpu["usage_usec"] / US_PER_S,
        periods=cpu.get("nr_periods", 0),
        throttled_periods=cpu.get("nr_throttled", 0),
        throttled_s=cpu.get("throttled_usec", 0) / US_PER_S,
        quota_cores=None if quota == "max" else int(quota) / int(period),
        memory_bytes=int(files["memory.current"]),
        anonymous_bytes=memory["anon"],
        memory_limit_bytes=None if limit == "max" else int(limit),
        oom_kills=_table(files["memory.events"]).get("oom_kill", 0),
    )


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return {name: int(value) for name, value in zip(words[::2], words[1::2], strict=True)}


@dataclass(frozen=True, kw_only=True)
class MachineSample:
    """CPU time of the machine that generates the load, in kernel ticks since its start."""

    time_s: float
    idle_ticks: int
    total_ticks: int


def machine_sample(stat: str, *, time_s: float) -> MachineSample:
    """Read /proc/stat: waiting for a disk leaves the CPU free, so it counts as idle; stolen time does not."""
    ticks = [int(word) for word in stat.splitlines()[0].split()[1:9]]  # user ... steal; guest is part of user
    return MachineSample(time_s=time_s, idle_ticks=ticks[3] + ticks[4], total_ticks=sum(ticks))


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Everything that was seen beside a load: the samples of each pod, and of this machine."""

    pods: dict[str, list[Usage]] = field(default_factory=dict)
    machine: list[MachineSample] = field(default_factory=list)
