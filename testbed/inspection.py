"""What the testbed looks like right now, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.errors import MachineError
from testbed import build, cgroups, health, layout, leftovers, state, volumes
from testbed.locking import holder
from testbed.shell import attempt


@dataclass(frozen=True, kw_only=True)
class Status:
    """The testbed at one moment. `healthy` only when every daemon lives and every node is ready."""

    healthy: bool
    nodes: Mapping[str, bool]
    daemons: Mapping[str, int | None]
    daemons_memory_mib: int
    pods_memory_mib: int
    volumes: Mapping[str, str]
    image: str
    versions: Mapping[str, str]
    in_use_by: str
    leftovers: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The same as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.daemons and self.in_use_by:
            return f"Process {self.in_use_by} is bringing the testbed up or down."
        if not self.daemons:
            return (
                "The testbed is down."
                if not self.leftovers
                else "\n".join(
                    [
                        "The testbed is down, but these are left (`down` or the next `up` removes them):",
                        *map(_indent, self.leftovers),
                    ]
                )
            )
        dead = [name for name, pid in self.daemons.items() if pid is None]
        lines = [
            f"The testbed is {'up' if self.healthy else 'NOT healthy'}.",
            "nodes     "
            + ", ".join(f"{name} {'Ready' if ready else 'NOT READY'}" for name, ready in self.nodes.items()),
            f"daemons   {len(self.daemons) - len(dead)} of {len(self.daemons)} alive"
            + (f"; dead: {', '.join(dead)}" if dead else ""),
            f"memory    daemons {self.daemons_memory_mib} MiB, pods {self.pods_memory_mib} MiB",
            *(f"volume    {name}: {phase}" for name, phase in self.volumes.items()),
            f"image     {self.image}",
            *([f"in use    by process {self.in_use_by}"] if self.in_use_by else []),
            "versions  " + ", ".join(f"{name} {version}" for name, version in self.versions.items()),
        ]
        return "\n".join(lines)


def _indent(line: str) -> str:
    return f"  {line}"


def status() -> Status:
    """Look at the testbed of this machine, without changing anything."""
    nodes = state.load()
    daemons = {f"{daemon.dir.name}/{daemon.name}": daemon.pid() for daemon in health.daemons(nodes)} if nodes else {}
    ready = health.ready_nodes() if daemons else {}
    by_node = {node.name: ready.get(node.name, False) for node in nodes}
    return Status(
        healthy=bool(nodes) and all(daemons.values()) and all(by_node.values()),
        nodes=by_node,
        daemons=daemons,
        daemons_memory_mib=sum(resident_mib(_status_text(pid)) for pid in daemons.values() if pid),
        pods_memory_mib=_pods_memory_mib(),
        volumes=_volumes() if ready else {},
        image=layout.kafka_image(),
        versions=_versions(),
        in_use_by=holder(),
        leftovers=() if nodes else leftovers.find(),
    )


def _status_text(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return ""


def resident_mib(proc_status: str) -> int:
    """The resident memory in the text of /proc/PID/status."""
    match = re.search(r"^VmRSS:\s+(\d+) kB$", proc_status, re.MULTILINE)
    return int(match.group(1)) // 1024 if match else 0


def _pods_memory_mib() -> int:
    for file in (
        cgroups.ROOT / "memory" / layout.CGROUP / "memory.usage_in_bytes",
        cgroups.ROOT / layout.CGROUP / "memory.current",
    ):
        if file.exists():
            return int(file.read_text(encoding="utf-8")) // 1024**2
    return 0


def _volumes() -> dict[str, str]:
    with suppress(MachineError):  # the API may go away between two questions
        return {name: str(binding) for name, binding in volumes.bindings().items()}
    return {}


def _versions() -> dict[str, str]:
    return {
        "kubernetes": build.KUBERNETES_VERSION,
        "etcd": build.ETCD_VERSION,
        "coredns": build.COREDNS_VERSION,
        "containerd": _first_version(["containerd", "--version"]),
        "runc": _first_version(["runc", "--version"]),
    }


def _first_version(argv: list[str]) -> str:
    """The first thing in a program's answer that looks like a version; "missing" when the program is."""
    try:
        match = re.search(r"\d+\.\d+\.\d+", attempt(argv).stdout)
    except MachineError:
        return "missing"
    return match.group(0) if match else "unknown"
