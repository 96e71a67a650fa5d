"""Where everything of the testbed lives: all names are fixed, so that what a cut-off run left can be found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STATE_DIR = Path("/var/lib/greenfield-testbed")
LOCK_FILE = Path("/run/greenfield-testbed.lock")
NETNS_CONFIG_DIR = Path("/etc/netns")

FABRIC = "greenfield"
NODE_PREFIX = "greenfield-node-"
CGROUP = "greenfield"
BRIDGE = "gf0"
SINK = "gfsink"

CONTROL_PLANE_ADDRESS = "10.88.0.1"
FABRIC_CIDR = "10.88.0.0/24"
POD_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_SERVICE_ADDRESS = "10.96.0.10"
API_URL = f"https://{CONTROL_PLANE_ADDRESS}:6443"

MIN_NODES, MAX_NODES = 1, 5
KAFKA_VERSIONS = ("3.9.1", "3.9.2")
"""The release that is certified, and the one that comes next, to which it is rolled and back."""

PAUSE_IMAGE = "greenfield.local/pause:1"


def kafka_image(version: str = KAFKA_VERSIONS[0]) -> str:
    """The image of a release of Kafka; that of ZooKeeper is the same."""
    return f"greenfield.local/kafka:{version}"


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node: its number decides its names, addresses and folders."""

    number: int

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def network_namespace(self) -> str:
        return f"{NODE_PREFIX}{self.number}"

    @property
    def address(self) -> str:
        return f"10.88.0.{10 + self.number}"

    @property
    def pod_cidr(self) -> str:
        return f"10.244.{self.number}.0/24"

    @property
    def veth(self) -> str:
        return f"gfn{self.number}"

    @property
    def zone(self) -> str:
        return f"zone-{self.number}"

    @property
    def dir(self) -> Path:
        return STATE_DIR / "nodes" / self.name

    @property
    def mount_namespace(self) -> Path:
        return STATE_DIR / "mnt" / self.name

    @property
    def volumes_dir(self) -> Path:
        return VOLUMES_DIR / self.name

    @property
    def cgroup(self) -> str:
        return f"/{CGROUP}/{self.name}"


VOLUMES_DIR = STATE_DIR / "volumes"
DISKS_DIR = STATE_DIR / "disks"
CERTIFICATES_DIR = STATE_DIR / "certificates"
BIN_DIR = STATE_DIR / "bin"
BUILD_DIR = STATE_DIR / "build"
CONTROL_PLANE_DIR = STATE_DIR / "control-plane"
KUBECONFIG = STATE_DIR / "kubeconfig"
STATE_FILE = STATE_DIR / "state.json"


def nodes(count: int) -> tuple[Node, ...]:
    """The nodes of a testbed with `count` nodes."""
    return tuple(Node(number=number) for number in range(1, count + 1))
