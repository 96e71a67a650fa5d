"""What a container and a machine use, read from the kernel's own files: cgroup v1 and v2, /proc."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from harness.measuring.replicas import ReplicaSample

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

NETWORK = "/proc/net/dev"
"""Of the pod's own network namespace: what the broker itself received and sent, the loopback left out."""

VOLUME = "volume"
VOLUME_EVERY_S = 10

END = "end"

SCRIPT = f"""
cd /sys/fs/cgroup; files=(); due=0
for file in {" ".join(FILES)} {NETWORK}; do [[ -r $file ]] && files+=("$file"); done
while :; do
  for file in "${{files[@]}}"; do mapfile -t lines <"$file"; printf '%s %s\\n' "$file" "${{lines[*]}}"; done
  if [[ -n $1 ]] && ((SECONDS >= due)); then
    mapfile -t lines < <(exec df --output=used --block-size=1 -- "$1" 2>&1); printf '{VOLUME} %s\\n' "${{lines[*]}}"
    due=$((SECONDS + {VOLUME_EVERY_S}))
  fi
  printf '{END} %s\\n' "$EPOCHREALTIME"
  read -r -t 1; (($? > 128)) || break
done
"""
"""Prints a sample each second with nothing but the shell's builtins, so it costs the broker next to nothing.

The shell cannot ask how full a volume is, and to add up the files of a log directory would read all of it; so every ten
seconds one `df` is started for the directory that is the first argument: it asks the file system a single question. It
waits by reading from its input with a time-out, so it ends when its reader goes away.
"""

NS_PER_S = 1e9
US_PER_S = 1e6


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One sample of a container; counters count since its start. `quota_cores` is None where there is no limit.

    `time_s` is on the run's clock, `node_s` on the node's own: rates are taken over the latter, because a sample may
    be some time under way. None is what this sample did not see: the volume is looked at only now and then.
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
    received_bytes: int | None = None
    sent_bytes: int | None = None
    volume_used_bytes: int | None = None


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
        **_beside(files),
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
        **_beside(files),
    )


def _beside(files: Mapping[str, str]) -> dict[str, int | None]:
    received, sent = network(files[NETWORK]) if NETWORK in files else (None, None)
    return {"received_bytes": received, "sent_bytes": sent, "volume_used_bytes": _used(files.get(VOLUME, ""))}


def network(content: str) -> tuple[int, int]:
    """Return the bytes received and sent by all interfaces but the loopback. Without any it raises ValueError."""
    found = {name: counted.split() for name, counted in re.findall(r"(\S+):((?:\s+\d+){16})", content)}
    found.pop("lo", None)
    if not found:
        raise ValueError(f"got {content[:200]!r}, expected the counters of a network interface")
    return sum(int(counted[0]) for counted in found.values()), sum(int(counted[8]) for counted in found.values())


def _used(content: str) -> int | None:
    """Read what df prints, a heading and a number; a complaint of it is no sample."""
    words = content.split()
    return int(words[-1]) if len(words) == 2 and words[-1].isdecimal() else None


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
    """Everything that was seen beside a load: the samples of each pod, of this machine, and of the replicas.

    `clock_started_ns` is where the run's clock stands on the monotonic clock that the engines write their frames in.
    """

    pods: dict[str, list[Usage]] = field(default_factory=dict)
    machine: list[MachineSample] = field(default_factory=list)
    replicas: list[ReplicaSample] = field(default_factory=list)
    clock_started_ns: int | None = None


class Notebook:
    """Keeps what observers see, in memory and line by line in a file, whichever thread they call from.

    What is written survives the run, so a report can be made again of it.
    """

    def __init__(self, observed: Observed, file: TextIO) -> None:
        self.observed, self._file, self._lock = observed, file, threading.Lock()
        self._line({"clock_started_ns": observed.clock_started_ns, "pods": list(observed.pods)})

    def pod(self, name: str, sample: Usage) -> None:
        self.observed.pods[name].append(sample)
        self._line({"pod": name, "usage": asdict(sample)})

    def machine(self, sample: MachineSample) -> None:
        self.observed.machine.append(sample)
        self._line({"machine": asdict(sample)})

    def replicas(self, sample: ReplicaSample) -> None:
        self.observed.replicas.append(sample)
        self._line({"replicas": asdict(sample)})

    def _line(self, value: Mapping[str, object]) -> None:
        with self._lock:
            self._file.write(json.dumps(value, separators=(",", ":")) + "\n")
            self._file.flush()


def read(path: Path) -> Observed:
    """Read what a notebook wrote; a last line that was cut off is left out. Anything else in it raises ValueError."""
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    head, *lines = map(json.loads, whole.splitlines() or ["{}"])
    if "clock_started_ns" not in head:
        raise ValueError(f"got {path} without a first line that says when its clock started")
    observed = Observed(pods={name: [] for name in head["pods"]}, clock_started_ns=head["clock_started_ns"])
    for line in lines:
        match line:
            case {"pod": name, "usage": sample}:
                observed.pods[name].append(Usage(**sample))
            case {"machine": sample}:
                observed.machine.append(MachineSample(**sample))
            case {"replicas": sample}:
                observed.replicas.append(ReplicaSample(**{**sample, "out_of_sync": tuple(sample["out_of_sync"])}))
            case _:
                raise ValueError(f"got the line {line} in {path}, expected a sample of a pod, a machine or replicas")
    return observed
