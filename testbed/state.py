"""What is known of the testbed on this machine: a file that anyone can read, written when everything works."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testbed import layout

MOUNT_POINTS_FILE = layout.STATE_DIR / "mount-points.json"


@dataclass(frozen=True, kw_only=True)
class Testbed:
    """A running testbed: how to reach it and what it is made of."""

    kubeconfig: Path
    kubectl: Path
    network_namespace: str
    nodes: tuple[str, ...]
    state_dir: Path
    image: str


def testbed(nodes: tuple[layout.Node, ...]) -> Testbed:
    """The description of a testbed with these nodes."""
    return Testbed(
        kubeconfig=layout.KUBECONFIG,
        kubectl=layout.BIN_DIR / "kubectl",
        network_namespace=layout.FABRIC,
        nodes=tuple(node.name for node in nodes),
        state_dir=layout.STATE_DIR,
        image=layout.kafka_image(),
    )


def save(nodes: tuple[layout.Node, ...], *, file: Path = layout.STATE_FILE) -> None:
    """Note that a testbed with these nodes is up."""
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({"node_count": len(nodes)}), encoding="utf-8")
    unfinished.rename(file)


def load(*, file: Path = layout.STATE_FILE) -> tuple[layout.Node, ...]:
    """The nodes of the testbed that was brought up last; empty when none was, or not to its end."""
    with suppress(OSError, ValueError, KeyError):
        return layout.nodes(int(json.loads(file.read_text(encoding="utf-8"))["node_count"]))
    return ()


def save_created_mount_points(places: tuple[str, ...], *, file: Path = MOUNT_POINTS_FILE) -> None:
    """Note which folders of the machine had to be created."""
    file.write_text(json.dumps(places), encoding="utf-8")


def created_mount_points(*, file: Path = MOUNT_POINTS_FILE) -> tuple[str, ...]:
    """The folders of the machine that were created for the testbed."""
    with suppress(OSError, ValueError):
        return tuple(json.loads(file.read_text(encoding="utf-8")))
    return ()
