"""What a testbed can leave on a machine, and how each kind is found; every finder reads text, so each is tested."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testbed import cgroups, layout, node, volumes
from testbed.daemons import command_line, is_alive
from testbed.shell import attempt

_OUR_NAMESPACE = re.compile(rf"^(?:{re.escape(layout.FABRIC)}|{re.escape(layout.NODE_PREFIX)}\d+)$")
_OUR_LINK = re.compile(rf"^(?:{layout.BRIDGE}|{layout.SINK}|gfn\d+|cni0)$")
_OUR_RULE = re.compile(r"KUBE-|CNI-|10\.96\.0\.0/16|10\.244\.\d+\.\d+")


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process and why it counts as one of the testbed."""

    pid: int
    argv: tuple[str, ...]
    reason: str
    ours: bool

    def __str__(self) -> str:
        return f"process {self.pid} ({' '.join(self.argv)[:80] or 'no command line'}): {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What marks a process: the identities of our namespaces, and the members of our cgroups."""

    network_namespaces: frozenset[int]
    mount_namespaces: frozenset[int]
    cgroup_members: frozenset[int]


def marks() -> Marks:
    """Read the marks of the testbed that is on this machine, whole or in pieces."""
    named = (Path("/run/netns") / name for name in network_namespaces(netns_list()))
    machine = identities([Path("/proc/1/ns/mnt"), Path("/proc/self/ns/mnt")])
    return Marks(
        network_namespaces=identities(named),
        mount_namespaces=identities(node.MOUNT_NAMESPACES_DIR.glob("*")) - machine,
        cgroup_members=frozenset(cgroups.members()),
    )


def identities(files: Iterable[Path]) -> frozenset[int]:
    """The numbers of the namespaces that these files stand for.

    A file whose mount is gone is an ordinary file. Its inode number must never be taken for that of a namespace: the
    processes of whichever namespace has that number would be ended.
    """
    found = set()
    namespaces_device = Path("/proc/self/ns/net").stat().st_dev
    for file in files:
        with suppress(OSError):
            seen = file.stat()
            if seen.st_dev == namespaces_device:
                found.add(seen.st_ino)
    return frozenset(found)


def processes(known: Marks, *, proc: Path = Path("/proc"), spare: Sequence[int] = ()) -> tuple[Process, ...]:
    """Every living process that has to do with the testbed.

    `ours` says that the testbed surely started it: it is in a node's mount namespace, in our cgroups, or its program or
    settings lie in our state folder. A process that merely stands in one of our network namespaces may be a user's
    client: it is named, but never ended by us. `spare` are pids that are not looked at (the caller's own ancestors).
    """
    found = []
    for folder in proc.iterdir():
        if folder.name.isdigit() and int(folder.name) not in spare:
            process = _classify(int(folder.name), known, proc=proc)
            if process is not None and is_alive(process.pid, proc=proc):
                found.append(process)
    return tuple(sorted(found, key=lambda process: process.pid))


def _classify(pid: int, known: Marks, *, proc: Path) -> Process | None:
    argv = command_line(pid, proc=proc)
    ours = True
    if pid in known.cgroup_members:
        reason = "in a cgroup of the testbed"
    elif _namespace(pid, "mnt", proc=proc) in known.mount_namespaces:
        reason = "in the mount namespace of a node"
    elif _is_our_program(argv):
        reason = "a program of the testbed"
    elif _namespace(pid, "net", proc=proc) in known.network_namespaces:
        reason, ours = "in a network namespace of the testbed", False
    else:
        return None
    return Process(pid=pid, argv=argv, reason=reason, ours=ours)


def _is_our_program(argv: Sequence[str]) -> bool:
    """A program from our folder, or a containerd that was told to work there; not a pager on one of our logs."""
    ours = f"{layout.STATE_DIR}/"
    if not argv or argv[0].startswith(ours):
        return bool(argv)
    return Path(argv[0]).name == "containerd" and any(ours in word for word in argv[1:])


def _namespace(pid: int, kind: str, *, proc: Path) -> int | None:
    """The identity of one namespace of a process; None when it is gone or not ours to see."""
    try:
        target = str((proc / str(pid) / "ns" / kind).readlink())
    except OSError:
        return None
    inner = target.partition("[")[2].rstrip("]")
    return int(inner) if inner.isdigit() else None


def ancestors(pid: int, *, proc: Path = Path("/proc")) -> tuple[int, ...]:
    """The process itself and its parents up to the first: a caller in our namespaces is not a leftover."""
    line: list[int] = []
    while pid > 0 and pid not in line:
        line.append(pid)
        try:
            stat = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            break
        pid = int(stat.rpartition(")")[2].split()[1])
    return tuple(line)


def netns_list() -> str:
    """The named network namespaces, as `ip` lists them."""
    return attempt(["ip", "netns", "list"]).stdout


def network_namespaces(ip_netns_list: str) -> tuple[str, ...]:
    """Our network namespaces in the text of `ip netns list`."""
    names = (line.split()[0] for line in ip_netns_list.splitlines() if line.strip())
    return tuple(name for name in names if _OUR_NAMESPACE.match(name))


def mounts(mountinfo: str) -> tuple[Path, ...]:
    """Our mount points in the text of /proc/self/mountinfo, the innermost and latest first."""
    points = [Path(line.split()[4].replace("\\040", " ")) for line in mountinfo.splitlines() if line.strip()]
    return tuple(point for point in reversed(points) if point == layout.STATE_DIR or layout.STATE_DIR in point.parents)


def links(ip_link: str) -> tuple[str, ...]:
    """Our links in the text of `ip -oneline link` of the machine's own namespace, where none should ever be."""
    names = (re.match(r"\d+: ([^:@]+)", line) for line in ip_link.splitlines())
    return tuple(match.group(1) for match in names if match and _OUR_LINK.match(match.group(1)))


def rules(iptables_save: str) -> tuple[str, ...]:
    """Our rules in the text of `iptables-save` of the machine's own namespace, where none should ever be."""
    return tuple(line for line in iptables_save.splitlines() if line.startswith("-A") and _OUR_RULE.search(line))


def files() -> tuple[Path, ...]:
    """Our folders that are still there."""
    return tuple(folder for folder in (layout.STATE_DIR, layout.NETNS_CONFIG_DIR / layout.FABRIC) if folder.exists())


def find() -> tuple[str, ...]:
    """Everything of a testbed that is on this machine, one line each; empty means nothing is left."""
    mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    devices = volumes.loop_devices(attempt(["losetup", "--list", "--json"]).stdout, layout.STATE_DIR)
    return (
        *(str(process) for process in processes(marks(), spare=ancestors(os.getpid()))),
        *(f"network namespace {name}" for name in network_namespaces(netns_list())),
        *(f"mount {point}" for point in mounts(mountinfo)),
        *(f"loop device {device}" for device in devices),
        *(f"cgroup {folder}" for folder in cgroups.folders()),
        *(f"link {name}" for name in links(attempt(["ip", "-oneline", "link"]).stdout)),
        *(f"iptables rule {rule}" for rule in rules(attempt(["iptables-save"]).stdout)),
        *(f"folder {folder}" for folder in files()),
    )
