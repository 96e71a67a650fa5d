"""The fabric: one network namespace with a bridge, one namespace per node, and no way out of any of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.errors import MachineError
from testbed import layout
from testbed.layout import Node
from testbed.shell import attempt, run


def create(nodes: Sequence[Node]) -> None:
    """Create all namespaces, links and routes; nothing is ever attached to the machine's own namespace."""
    with suppress(MachineError):  # a kernel that has them built in needs no modprobe, nor has it one
        attempt(["modprobe", "--all", "br_netfilter", "overlay", "loop"])
    for name in namespaces(nodes):
        run(["ip", "netns", "add", name])
    for name, commands in plan(nodes).items():
        run(["ip", "-n", name, "-batch", "-"], stdin="\n".join(commands) + "\n")
    _set_sysctls(layout.FABRIC, fabric_sysctls())
    for node in nodes:
        _set_sysctls(node.network_namespace, node_sysctls())
    write_resolver_files(layout.NETNS_CONFIG_DIR / layout.FABRIC)


def plan(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """The `ip` commands for each namespace, the fabric first: the nodes' ends of the links come from there."""
    return {layout.FABRIC: _fabric_commands(nodes)} | {
        node.network_namespace: _node_commands(node, nodes) for node in nodes
    }


def namespaces(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The names of all network namespaces."""
    return (layout.FABRIC, *(node.network_namespace for node in nodes))


def _sink_commands(source_address: str) -> list[str]:
    """A bridge without ports swallows whatever is sent to a service before kube-proxy has its rules.

    A `blackhole` route would do so too, but the kernel looks up the route before it translates the address of a
    connection made in this namespace, so with it no client in the fabric could use a service at all.
    """
    return [
        f"link add {layout.SINK} type bridge",
        f"link set {layout.SINK} up",
        f"route add {layout.SERVICE_CIDR} dev {layout.SINK} src {source_address}",
    ]


def _fabric_commands(nodes: Sequence[Node]) -> list[str]:
    commands = [
        "link set lo up",
        f"link add {layout.BRIDGE} type bridge",
        f"address add {layout.CONTROL_PLANE_ADDRESS}/24 dev {layout.BRIDGE}",
        f"link set {layout.BRIDGE} up",
        *_sink_commands(layout.CONTROL_PLANE_ADDRESS),
    ]
    for node in nodes:
        commands += [
            f"link add {node.veth} type veth peer name eth0 netns {node.network_namespace}",
            f"link set {node.veth} master {layout.BRIDGE}",
            f"link set {node.veth} up",
            f"route add {node.pod_cidr} via {node.address}",
        ]
    return commands


def _node_commands(node: Node, nodes: Sequence[Node]) -> list[str]:
    return [
        "link set lo up",
        f"address add {node.address}/24 dev eth0",
        "link set eth0 up",
        *_sink_commands(node.address),
        *(f"route add {other.pod_cidr} via {other.address}" for other in nodes if other != node),
    ]


def fabric_sysctls() -> dict[str, str]:
    """The fabric is a switch for the nodes and a host for the clients: it forwards nothing at layer 3."""
    return {"net.ipv4.ip_forward": "0", "net.bridge.bridge-nf-call-iptables": "0"}


def node_sysctls() -> dict[str, str]:
    """A node routes for its pods; bridged frames pass iptables, or a pod could not reach itself through a service."""
    return {"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"}


def _set_sysctls(namespace: str, values: dict[str, str]) -> None:
    run(
        ["ip", "netns", "exec", namespace, "sysctl", "-q", "-w", *(f"{name}={value}" for name, value in values.items())]
    )


def write_resolver_files(folder: Path) -> None:
    """What `ip netns exec` binds over /etc for the clients: their only name server is the cluster's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resolv.conf").write_text(
        f"nameserver {layout.CONTROL_PLANE_ADDRESS}\n"
        "search svc.cluster.local cluster.local\n"
        "options timeout:2 attempts:3 ndots:2\n",
        encoding="utf-8",
    )
