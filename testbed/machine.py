"""Can this machine carry a testbed? Asked before anything is created; each "no" is one sentence with its remedy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError, UsageError
from testbed import cache, cgroups, layout
from testbed.packages import install_argv, missing_packages

NEEDED_DISK_GIB = 15.0
NEEDED_MEMORY_GIB = 6.0
BUILD_TOOLS = {
    "go": "Go 1.24 or newer",
    "mvn": "Maven (apt-get install maven)",
    "java": "a JDK 17 (apt-get install openjdk-17-jdk-headless)",
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was seen of the machine; measured once, so that judging it is pure."""

    platform: str
    user_id: int
    missing_packages: tuple[str, ...]
    missing_tools: tuple[str, ...]
    missing_controllers: tuple[str, ...]
    free_disk_gib: float
    available_memory_gib: float


def look(*, build_tools_needed: bool) -> Facts:
    """Measure this machine; build tools matter only when something has to be built."""
    tools = BUILD_TOOLS if build_tools_needed else {}
    linux = sys.platform == "linux"
    return Facts(
        platform=sys.platform,
        user_id=os.geteuid(),
        missing_packages=missing_packages() if linux else (),
        missing_tools=tuple(tool for tool in tools if shutil.which(tool) is None),
        missing_controllers=cgroups.missing_controllers() if linux else (),
        free_disk_gib=min(_free_gib(layout.STATE_DIR), _free_gib(cache.root())),
        available_memory_gib=available_memory_gib(Path("/proc/meminfo").read_text(encoding="utf-8")) if linux else 0.0,
    )


def _free_gib(folder: Path) -> float:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free / 1024**3


def available_memory_gib(meminfo: str) -> float:
    """The memory that can still be used, from the text of /proc/meminfo."""
    for line in meminfo.splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) / 1024**2
    return 0.0


def problems(facts: Facts) -> tuple[MachineError, ...]:
    """Everything that stands in the way, the most basic first."""
    if facts.platform != "linux":
        return (
            MachineError(
                f"the testbed needs Linux, this is {facts.platform!r}",
                remedy="give a cluster with --kubeconfig instead",
            ),
        )
    found = []
    if facts.user_id != 0:
        found.append(
            MachineError(
                "the testbed creates namespaces and mounts, which only root may", remedy="run the same command as root"
            )
        )
    if facts.missing_packages:
        found.append(
            MachineError(
                f"these Debian packages are missing: {', '.join(facts.missing_packages)}",
                remedy=f"run `harness setup`, or `{' '.join(install_argv(facts.missing_packages))}`",
            )
        )
    found += [
        MachineError(f"the build tool {tool!r} is not on PATH", remedy=f"install {BUILD_TOOLS[tool]}")
        for tool in facts.missing_tools
    ]
    if facts.missing_controllers:
        found.append(
            MachineError(
                f"this kernel's cgroups lack {', '.join(facts.missing_controllers)}",
                remedy="mount them below /sys/fs/cgroup, or give a cluster with --kubeconfig instead",
            )
        )
    if facts.free_disk_gib < NEEDED_DISK_GIB:
        found.append(
            MachineError(
                f"{facts.free_disk_gib:.1f} GiB of disk are free, {NEEDED_DISK_GIB:g} GiB are needed",
                remedy=f"make room on the disk of {layout.STATE_DIR.parent} or of {cache.root()}",
            )
        )
    if facts.available_memory_gib < NEEDED_MEMORY_GIB:
        found.append(
            MachineError(
                f"{facts.available_memory_gib:.1f} GiB of memory are available, {NEEDED_MEMORY_GIB:g} GiB are needed",
                remedy="end other programs, or give a cluster with --kubeconfig instead",
            )
        )
    return tuple(found)


def check(facts: Facts) -> None:
    """Raise MachineError with all problems at once, or return."""
    found: Sequence[MachineError] = problems(facts)
    if len(found) == 1:
        raise found[0]
    if found:
        raise MachineError(
            f"{len(found)} things are missing for a testbed", remedy="; ".join(str(each) for each in found)
        )


def check_node_count(node_count: int) -> None:
    """Raise UsageError unless the testbed can have that many nodes."""
    if not layout.MIN_NODES <= node_count <= layout.MAX_NODES:
        raise UsageError(
            f"a testbed of {node_count!r} nodes was asked for",
            remedy=f"ask for {layout.MIN_NODES} to {layout.MAX_NODES}; the documented cluster needs 3",
        )
