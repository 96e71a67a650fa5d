"""Resource faults: a container gets less CPU or less memory than it declares, by its own cgroup.

What the cgroup held before is read from inside the container and put back. A container that is started again has a
new cgroup with what it declares, so nothing of these faults outlives it.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from chaos.agent import DEADLINE_S, hands
from chaos.by_agent import ByAgent
from chaos.pause import runs
from harness.cluster.pods import Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive, Unsupported

CPU_FILES = ("cpu.max", "cpu/cpu.cfs_quota_us")
CPU_STATS = ("cpu.stat", "cpu/cpu.stat")
MEMORY_FILES = ("memory.max", "memory/memory.limit_in_bytes")
"""Below /sys/fs/cgroup as a container sees it: of cgroup v2, and of v1."""

PERIOD_US = 100_000
LEAST_MILLICORES = 10
"""The kernel takes no quota below one millisecond."""

# $1: the container, $2: a file such as cpu/cpu.cfs_quota_us. On v1 a controller may share its folder with another.
FIND_FILE = """
pid=$(one "$1"); [[ $pid ]] || exit 0
name=${2##*/}; file=
if [[ $2 == */* ]]; then
  path=$(awk -F: -v c="${2%%/*}" '$2 ~ "(^|,)" c "(,|$)" {print $3}' "/proc/$pid/cgroup")
  for folder in /host/sys/fs/cgroup/*; do
    [[ ,${folder##*/}, == *,${2%%/*},* && -e $folder$path/$name ]] && file=$folder$path/$name
  done
else file=/host/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$name; fi
[[ -e $file ]] || { echo "no $2 of container $1" >&2; exit 1; }
"""

# $3: what the file holds before, $4: what it shall hold.
WRITE = (
    FIND_FILE
    + """
echo "$4" >"$file"
"""
)
WRITE_BACK = (
    FIND_FILE
    + """
echo "$3" >"$file"
"""
)

# Lowers the limit in steps of 4 MiB until the kernel finds nothing more to take away: v1 refuses then, v2 kills.
SQUEEZE_MEMORY = (
    FIND_FILE
    + """
limit=$(( $(cat "${file%/*}"/memory.{current,usage_in_bytes} 2>/dev/null) ))
while (( limit > 4194304 )) && [[ -d /proc/$pid ]] && echo "$limit" >"$file"; do
  limit=$(( limit - 4194304 ))
done 2>/dev/null
true
"""
)
EAT = "head -c 67108864 /dev/zero | tail"
"""Takes 64 MiB inside the container: with nothing left to take, the kernel ends the largest process there."""


@dataclass(frozen=True, kw_only=True)
class LimitRestored(Remedy):
    """A file of a container's cgroup holds what it held before; a container that is gone has no such file."""

    agent: str
    pod: str
    node: str
    container: str
    file: str
    declared: str

    def apply(self, cluster: Cluster) -> None:
        if self.remains(cluster):
            with hands(cluster, self.agent) as agent:
                agent.run(self.node, WRITE_BACK, self.container, self.file, self.declared)

    def remains(self, cluster: Cluster) -> str:
        if not runs(cluster, self.pod, self.container):
            return ""
        now = _read(cluster, self.pod, (self.file,))[1]
        return "" if now == self.declared else f"{self.file} of {self.pod} is {now}, declared is {self.declared}"


class Squeeze(ByAgent):
    """What faults by a lowered limit share: the files, what they held, and that they hold it again."""

    files: tuple[str, ...]

    def __init__(self, cluster: Cluster, pods: tuple[str, ...], *, deadline_s: int = DEADLINE_S) -> None:
        super().__init__(cluster, pods, deadline_s=deadline_s)
        self._declared = {pod: _read(cluster, pod, self.files) for pod in self.plan()}

    def undoings(self) -> tuple[Remedy, ...]:
        return tuple(
            LimitRestored(
                agent=self._agent.name,
                pod=target.pod,
                node=target.node,
                container=target.container,
                file=self._declared[target.pod][0],
                declared=self._declared[target.pod][1],
            )
            for target in self._targets
        )

    def inject(self) -> None:
        for target in self._targets:
            file, declared = self._declared[target.pod]
            arguments = (target.container, file, declared, self._value(file))
            self._agent.strike(target.node, *arguments, do=self._script(), undo=WRITE_BACK, deadline_s=self._deadline_s)

    @abstractmethod
    def _script(self) -> str: ...

    @abstractmethod
    def _value(self, file: str) -> str: ...

    def proof_of_healing(self) -> dict[str, object] | None:
        if not (self._all_ready() and self._is_undone()):
            return None
        return {"limits": {pod: _read(self._cluster, pod, self.files)[1] for pod in self.plan()}}


class CpuSqueeze(Squeeze):
    """Containers get less CPU than they declare; proven by their quota in the kernel and by throttled periods."""

    name = "CPU squeeze"
    files = CPU_FILES

    def __init__(
        self, cluster: Cluster, pods: tuple[str, ...], *, millicores: int, deadline_s: int = DEADLINE_S
    ) -> None:
        if millicores < LEAST_MILLICORES:
            raise ValueError(f"got millicores={millicores}, expected {LEAST_MILLICORES} or more")
        super().__init__(cluster, pods, deadline_s=deadline_s)
        self._quota_us = millicores * PERIOD_US // 1000
        self._before: dict[str, int] = {}
        for pod, (file, declared) in self._declared.items():
            allowed = declared.split()[0]
            if allowed not in ("max", "-1") and int(allowed) <= self._quota_us:
                raise Inconclusive(f"{file} of {pod} is {declared} already: {millicores} millicores squeeze nothing")

    def inject(self) -> None:
        self._before = {pod: _throttled(self._cluster, pod) for pod in self.plan()}
        super().inject()

    def _script(self) -> str:
        return WRITE

    def _value(self, file: str) -> str:
        return f"{self._quota_us} {PERIOD_US}" if file == CPU_FILES[0] else str(self._quota_us)

    def proof_of_injection(self) -> dict[str, object] | None:
        proof: dict[str, object] = {}
        for pod in self.plan() if self._before else ():
            file, now = _read(self._cluster, pod, self.files)
            throttled = _throttled(self._cluster, pod) - self._before[pod]
            if now != self._value(file) or throttled <= 0:
                return None
            proof[pod] = {file: now, "declared": self._declared[pod][1], "throttled_periods": throttled}
        return proof or None


class MemoryPressure(Squeeze):
    """Containers need more memory than they get, until the kernel kills them.

    Their limit is lowered to what the kernel cannot take away, and a small process in the container asks for more: the
    kernel then ends the largest one, which is the broker. Proven by a restart whose reason is OOMKilled.
    """

    name = "memory pressure"
    files = MEMORY_FILES

    def __init__(self, cluster: Cluster, pods: tuple[str, ...], *, deadline_s: int = DEADLINE_S) -> None:
        super().__init__(cluster, pods, deadline_s=deadline_s)
        self._restarts = {pod: _container(cluster, pod).restart_count for pod in self.plan()}

    def inject(self) -> None:
        super().inject()
        for pod in self.plan():
            self._cluster.run(pod, ["bash", "-c", EAT])

    def _script(self) -> str:
        return SQUEEZE_MEMORY

    def _value(self, file: str) -> str:
        return f"as little of {file} as is in use"

    def proof_of_injection(self) -> dict[str, object] | None:
        proof: dict[str, object] = {}
        for pod in self.plan():
            now = _container(self._cluster, pod)
            ended = now.last_state.terminated if now and now.last_state else None
            if now is None or now.restart_count <= self._restarts[pod] or not ended or ended.reason != "OOMKilled":
                return None
            proof[pod] = {"reason": ended.reason, "exit_code": ended.exit_code, "restarts": now.restart_count}
        return proof


def _container(cluster: Cluster, pod: str) -> Any:
    found: Any = cluster.pod(pod)
    statuses = (found.status.container_statuses if found else None) or [None]
    return statuses[0]


def _read(cluster: Cluster, pod: str, files: tuple[str, ...]) -> tuple[str, str]:
    """Return the first of these files that the container has, and what it holds."""
    for file in files:
        seen = cluster.run(pod, ["cat", f"/sys/fs/cgroup/{file}"])
        if seen.returncode == 0 and seen.stdout.strip():
            return file, seen.stdout.strip()
    raise Unsupported(f"the cgroup of {pod} shows none of {', '.join(files)}")


def _throttled(cluster: Cluster, pod: str) -> int:
    file, text = _read(cluster, pod, CPU_STATS)
    counts = dict(line.split() for line in text.splitlines())
    if "nr_throttled" not in counts:
        raise Unsupported(f"{file} of {pod} counts no throttled periods")
    return int(counts["nr_throttled"])
