"""One cgroup per node in every hierarchy: each kubelet has its own tree, each container can be traced to its node."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.waiting import wait_until
from testbed import layout
from testbed.layout import Node

ROOT = Path("/sys/fs/cgroup")
# What a kubelet insists on; others (freezer, blkio ...) are used where they are mounted.
V1_NEEDED = ("cpu", "cpuacct", "cpuset", "memory", "devices", "pids")
V2_NEEDED = ("cpu", "cpuset", "memory", "pids")


def is_v2(root: Path = ROOT) -> bool:
    """Whether the machine has the unified hierarchy only."""
    return (root / "cgroup.controllers").exists()


def hierarchies(root: Path = ROOT) -> tuple[Path, ...]:
    """The top of every mounted hierarchy, each once: `cpu` and `cpuacct` are often two names of one.

    On a v1 machine `unified` is one of them: no limit is set there, but runc still makes its folders in it.
    """
    if is_v2(root):
        return (root,)
    tops = (top.resolve() for top in sorted(root.glob("*")) if (top / "cgroup.procs").exists())
    return tuple(dict.fromkeys(tops))


def missing_controllers(root: Path = ROOT) -> tuple[str, ...]:
    """The controllers that a kubelet needs and this machine does not offer."""
    if is_v2(root):
        offered = (root / "cgroup.controllers").read_text(encoding="utf-8").split()
        return tuple(name for name in V2_NEEDED if name not in offered)
    return tuple(name for name in V1_NEEDED if not (root / name).is_dir())


def create(nodes: Sequence[Node], *, root: Path = ROOT) -> None:
    """Create the testbed's cgroup and each node's below it, ready to hold pods."""
    for top in hierarchies(root):
        for relative in (layout.CGROUP, *(node.cgroup.lstrip("/") for node in nodes)):
            folder = top / relative
            folder.mkdir(exist_ok=True)
            _inherit_cpuset(folder)
        if is_v2(root):
            _enable_v2_controllers(top, [top, top / layout.CGROUP, *(top / node.cgroup.lstrip("/") for node in nodes)])


def _inherit_cpuset(folder: Path) -> None:
    """A new v1 cpuset is empty and takes no process until it has CPUs and memory nodes."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        mine, parents = folder / name, folder.parent / name
        if mine.exists() and parents.exists() and not mine.read_text(encoding="utf-8").strip():
            mine.write_text(parents.read_text(encoding="utf-8"), encoding="utf-8")


def _enable_v2_controllers(top: Path, folders: Sequence[Path]) -> None:
    offered = (top / "cgroup.controllers").read_text(encoding="utf-8").split()
    for folder in folders:
        for controller in offered:
            with suppress(OSError):  # one that the kernel refuses here is not one that a kubelet needs
                (folder / "cgroup.subtree_control").write_text(f"+{controller}", encoding="utf-8")


def folders(root: Path = ROOT) -> tuple[Path, ...]:
    """All cgroups of the testbed, children before their parents."""
    found = [
        folder
        for top in hierarchies(root)
        for folder in (top / layout.CGROUP, *(top / layout.CGROUP).rglob("*"))
        if folder.is_dir()
    ]
    return tuple(sorted(found, key=lambda folder: len(folder.parts), reverse=True))


def members(root: Path = ROOT) -> tuple[int, ...]:
    """The processes in the testbed's cgroups: containers, pause processes, whatever was started in them."""
    pids: set[int] = set()
    for folder in folders(root):
        with suppress(OSError):
            pids.update(int(line) for line in (folder / "cgroup.procs").read_text(encoding="utf-8").split())
    return tuple(sorted(pids))


def thaw(root: Path = ROOT) -> None:
    """Thaw what a fault may have frozen: a frozen process cannot even be killed."""
    for folder in folders(root):
        for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            if (folder / name).exists():
                with suppress(OSError):
                    (folder / name).write_text(value, encoding="utf-8")


def remove(root: Path = ROOT, *, timeout_s: float = 10) -> None:
    """Remove all cgroups of the testbed; the kernel lets an emptied one go a moment late."""

    def all_gone() -> bool:
        for folder in folders(root):
            with suppress(OSError):
                folder.rmdir()
        return not folders(root)

    with suppress(Exception):  # what stays is found and named by the leftover detector
        wait_until(all_gone, what="the removal of cgroups", timeout_s=timeout_s, every_s=0.05)
