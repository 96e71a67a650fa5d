"""Take everything of a testbed away, whatever state it is in: after a run, after a crash, after a cut-off `up`."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from harness.errors import MachineError
from harness.waiting import TimedOut, wait_until
from testbed import cgroups, kernel, layout, leftovers, state, volumes
from testbed.daemons import end_processes
from testbed.shell import attempt


def clear() -> None:
    """Remove all of it, in the order in which one thing holds another; `leftovers` finds what cannot be removed."""
    _end_processes()
    _unmount()
    _detach_loops()
    for name in leftovers.network_namespaces(leftovers.netns_list()):
        attempt(["ip", "netns", "delete", name])
    cgroups.remove()
    kernel.restore()
    _remove_files()


def _end_processes() -> None:
    """End what is surely ours until nothing new appears: a dying kubelet may just have started something."""
    spare = leftovers.ancestors(os.getpid())

    def none_left() -> bool:
        cgroups.thaw()
        mine = [process.pid for process in leftovers.processes(leftovers.marks(), spare=spare) if process.ours]
        if mine:
            with suppress(TimedOut):
                end_processes(mine, timeout_s=5)
        return not mine

    with suppress(TimedOut):
        wait_until(none_left, what="the end of the testbed's processes", timeout_s=30, every_s=0.1)


def _mount_points() -> tuple[Path, ...]:
    return leftovers.mounts(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))


def _unmount() -> None:
    """The innermost first; a mount that is busy is detached, so that it goes with its last user."""
    for point in _mount_points():
        if attempt(["umount", point]).returncode != 0:
            attempt(["umount", "--lazy", point])


def _detach_loops() -> None:
    """A loop device is free only when the last mount namespace that saw its mount is gone, which takes a moment."""

    def all_free() -> bool:
        devices = volumes.loop_devices(attempt(["losetup", "--list", "--json"]).stdout, layout.STATE_DIR)
        for device in devices:
            attempt(["losetup", "--detach", device])
        return not devices

    with suppress(TimedOut):
        wait_until(all_free, what="the release of loop devices", timeout_s=15, every_s=0.1)


def _remove_files() -> None:
    """Remove our folders; never while something is mounted below them."""
    if _mount_points():
        return
    for place in state.created_mount_points():
        if Path(place).is_mount():  # `ip netns` mounts its folder on itself
            attempt(["umount", place])
        with suppress(OSError):
            Path(place).rmdir()
    shutil.rmtree(layout.STATE_DIR, ignore_errors=True)
    shutil.rmtree(layout.NETNS_CONFIG_DIR / layout.FABRIC, ignore_errors=True)
    with suppress(OSError):
        layout.NETNS_CONFIG_DIR.rmdir()


def clear_or_fail() -> None:
    """Remove all of it or say what is in the way: a new testbed must not be built among the ruins of an old one."""
    clear()
    left = leftovers.find()
    if left:
        raise MachineError(
            f"{len(left)} things of an earlier testbed cannot be removed: {'; '.join(left[:5])}",
            remedy="end the processes named here that are yours, then try again",
        )
