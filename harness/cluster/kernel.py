"""What the kernel enforces on a container, read from inside it: limits, mounts, privileges. Never from a text."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from testinfra.host import Host

from harness.verdict import Inconclusive

UNLIMITED_FROM_BYTES = 1 << 60
"""cgroup v1 writes no limit as a number near 2^63."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a container's cgroup; None where there is none."""

    cpu_millicores: int | None
    memory_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class Mount:
    """The mount that a path is on."""

    path: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Privileges:
    """What the container's first process may do."""

    user_id: int
    effective_capabilities: int
    root_read_only: bool

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def limits(host: Host) -> Limits:
    """Read the CPU quota and the memory limit, from cgroup v2 or v1."""
    if host.file("/sys/fs/cgroup/cpu.max").exists:
        quota, period = _text(host, "/sys/fs/cgroup/cpu.max").split()
        memory = _text(host, "/sys/fs/cgroup/memory.max")
        return Limits(
            cpu_millicores=None if quota == "max" else int(quota) * 1000 // int(period),
            memory_bytes=None if memory == "max" else int(memory),
        )
    quota = _text(host, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
    period = _text(host, "/sys/fs/cgroup/cpu/cpu.cfs_period_us")
    size = int(_text(host, "/sys/fs/cgroup/memory/memory.limit_in_bytes"))
    return Limits(
        cpu_millicores=None if int(quota) < 0 else int(quota) * 1000 // int(period),
        memory_bytes=None if size >= UNLIMITED_FROM_BYTES else size,
    )


def mount_of(host: Host, path: str) -> Mount:
    """Return the mount point that holds a path, and the size of its file system."""
    fields = _run(host, "df --output=target,size --block-size=1 %s | tail -n 1", path).split()
    return Mount(path=fields[0], size_bytes=int(fields[1]))


def inode(host: Host, path: str) -> int:
    """Return the inode number of a file."""
    return int(_run(host, "stat -c %%i %s", path))


def privileges(host: Host) -> Privileges:
    """Read the user, the effective capabilities and the root mount of the container's first process."""
    status = dict(line.split(":", 1) for line in _text(host, "/proc/1/status").splitlines() if ":" in line)
    roots = [line.split()[3] for line in _text(host, "/proc/1/mounts").splitlines() if line.split()[1] == "/"]
    if not roots:
        raise Inconclusive("the container's list of mounts has no root")
    return Privileges(
        user_id=int(status["Uid"].split()[1]),
        effective_capabilities=int(status["CapEff"].strip(), 16),
        root_read_only="ro" in roots[-1].split(","),
    )


def _text(host: Host, path: str) -> str:
    return str(host.file(path).content_string).strip()


def _run(host: Host, command: str, *arguments: str) -> str:
    done = host.run(command, *arguments)
    if done.rc != 0:
        raise Inconclusive(f"{done.command} ended with {done.rc}: {done.stderr.strip()}")
    return str(done.stdout).strip()
