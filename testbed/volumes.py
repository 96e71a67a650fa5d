"""The disks: sparse files with a real file system of a real size, loop-mounted, offered as local persistent volumes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.waiting import wait_until
from testbed import controlplane, layout
from testbed.layout import Node
from testbed.shell import attempt, run

STORAGE_CLASS = "sized"
# One of each documented size per node: a broker's and a ZooKeeper member's.
SIZES_GIB = (10, 5)
# Few inodes and a small journal: the documented size is meant for records. Lazy tables make it take no time.
MKFS = (
    *("mkfs.ext4", "-q", "-F", "-m", "0", "-i", "65536", "-J", "size=32"),
    *("-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"),
)


@dataclass(frozen=True, kw_only=True)
class Volume:
    """One disk of one node."""

    node: Node
    size_gib: int

    @property
    def name(self) -> str:
        return f"{self.node.name}-{self.size_gib}gi"

    @property
    def disk(self) -> Path:
        return layout.DISKS_DIR / f"{self.name}.ext4"

    @property
    def mount_point(self) -> Path:
        return self.node.volumes_dir / f"{self.size_gib}gi"


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What a persistent volume is used for; `orphaned` when its claim does not exist any more."""

    phase: str
    claim: str
    orphaned: bool

    def __str__(self) -> str:
        return f"{self.phase} ({self.claim})" if self.claim else self.phase


def volumes(nodes: Sequence[Node]) -> tuple[Volume, ...]:
    """All disks of these nodes."""
    return tuple(Volume(node=node, size_gib=size_gib) for node in nodes for size_gib in SIZES_GIB)


def share_folder() -> None:
    """Mounts below this folder must reach the nodes' mount namespaces, whatever the machine's root says."""
    layout.VOLUMES_DIR.mkdir(parents=True, exist_ok=True)
    layout.DISKS_DIR.mkdir(parents=True, exist_ok=True)
    run(["mount", "--bind", layout.VOLUMES_DIR, layout.VOLUMES_DIR])
    run(["mount", "--make-shared", layout.VOLUMES_DIR])


def create(volume: Volume) -> None:
    """Make the disk with an empty file system and mount it."""
    format_disk(volume)
    volume.mount_point.mkdir(parents=True, exist_ok=True)
    device = run(["losetup", "--find", "--show", volume.disk]).strip()
    run(["mount", "-t", "ext4", device, volume.mount_point])


def format_disk(volume: Volume) -> None:
    """Give the disk a fresh file system; the old file goes, so that its blocks go too."""
    volume.disk.unlink(missing_ok=True)
    with volume.disk.open("wb") as disk:
        disk.truncate(volume.size_gib * 1024**3)
    run([*MKFS, volume.disk])


def detach(volume: Volume) -> None:
    """Unmount the disk and give its loop device back; a pod that still uses it is an error, not a data loss.

    The kernel frees the device when its last mount goes. A process elsewhere on the machine that has a mount namespace
    of its own may still hold one; that is not waited for, as the next file system gets a file and a device of its own.
    """
    if volume.mount_point.is_mount():  # an earlier attempt may have ended half-way
        run(["umount", volume.mount_point])
    for device in loop_devices(attempt(["losetup", "--list", "--json"]).stdout, volume.disk):
        run(["losetup", "--detach", device])


def loop_devices(losetup_json: str, below: Path) -> tuple[str, ...]:
    """The loop devices whose file is `below` or lies below it, from `losetup --list --json`."""
    if not losetup_json.strip():
        return ()
    found = []
    for device in json.loads(losetup_json)["loopdevices"]:
        file = Path(str(device["back-file"]).removesuffix(" (deleted)"))
        if file == below or below in file.parents:
            found.append(str(device["name"]))
    return tuple(found)


def objects(nodes: Sequence[Node]) -> list[dict[str, object]]:
    """The storage class (the default) and one persistent volume per disk."""
    storage_class: dict[str, object] = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Retain",
    }
    return [storage_class, *(_persistent_volume(volume) for volume in volumes(nodes))]


def _persistent_volume(volume: Volume) -> dict[str, object]:
    on_its_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [volume.node.name]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": volume.name},
        "spec": {
            "capacity": {"storage": f"{volume.size_gib}Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": STORAGE_CLASS,
            "local": {"path": str(volume.mount_point)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_its_node]}]}},
        },
    }


def bindings() -> dict[str, Binding]:
    """What each persistent volume is bound to."""
    listed = json.loads(
        run(controlplane.kubectl_argv("get", "persistentvolumes,persistentvolumeclaims", "-A", "-o", "json"))
    )
    return parse_bindings(listed["items"])


def parse_bindings(items: Sequence[dict[str, Any]]) -> dict[str, Binding]:
    """The binding of each persistent volume, from the API's objects of both kinds."""
    claims = {item["metadata"]["uid"] for item in items if item["kind"] == "PersistentVolumeClaim"}
    found = {}
    for item in items:
        if item["kind"] == "PersistentVolume":
            claim = item["spec"].get("claimRef", {})
            found[item["metadata"]["name"]] = Binding(
                phase=item.get("status", {}).get("phase", "Pending"),
                claim=f"{claim['namespace']}/{claim['name']}" if claim else "",
                orphaned=bool(claim.get("uid")) and claim["uid"] not in claims,
            )
    return found


def renew(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Give every volume whose claim is gone a fresh file system and offer it again; return their names.

    A claim that was deleted a moment ago leaves its volume "Bound" until the controllers notice, so that is waited for.
    """
    before = bindings()
    orphans = [volume for volume in volumes(nodes) if volume.name in before and before[volume.name].orphaned]
    names = [volume.name for volume in orphans]
    _wait_for_phase("Released", names, what="the release of volumes")
    for volume in orphans:
        detach(volume)
        create(volume)
        forget = '[{"op": "remove", "path": "/spec/claimRef"}]'
        run(controlplane.kubectl_argv("patch", "persistentvolume", volume.name, "--type=json", "--patch", forget))
    _wait_for_phase("Available", names, what="the offer of renewed volumes")
    return tuple(names)


def _wait_for_phase(phase: str, names: Sequence[str], *, what: str) -> None:
    def reached() -> bool:
        now = bindings()
        return all(now[name].phase == phase for name in names)

    if names:
        wait_until(reached, what=what, timeout_s=60)
