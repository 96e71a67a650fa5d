"""Is the testbed well? Asked of the processes and of the API; the answers carry the reason when it is not."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.errors import MachineError
from harness.waiting import TimedOut, wait_until
from testbed import controlplane, layout, node, state
from testbed.daemons import Daemon
from testbed.layout import Node
from testbed.shell import attempt

NOT_READY = "node.kubernetes.io/not-ready"


def ready_nodes() -> dict[str, bool]:
    """Each registered node and whether it is ready; empty when the API does not answer."""
    asked = attempt(controlplane.kubectl_argv("get", "nodes", "-o", "json", "--request-timeout=5s"), timeout_s=15)
    return parse_nodes(asked.stdout) if asked.returncode == 0 else {}


def parse_nodes(nodes_json: str) -> dict[str, bool]:
    """Each node and whether it is ready and takes pods, from the API's list of nodes.

    A node's taint goes a moment after its condition has changed.
    """
    return {
        item["metadata"]["name"]: any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in item["status"].get("conditions", [])
        )
        and not any(taint["key"] == NOT_READY for taint in item.get("spec", {}).get("taints", []))
        for item in json.loads(nodes_json)["items"]
    }


def wait_for_nodes(nodes: Sequence[Node], *, timeout_s: float = 60) -> None:
    """Wait until every node is ready and the DNS answers; when they do not come, say which daemon is the cause."""
    names = {each.name for each in nodes}
    try:
        wait_until(
            lambda: {name for name, ready in ready_nodes().items() if ready} >= names and _dns_ready(),
            what="the readiness of all nodes",
            timeout_s=timeout_s,
            every_s=0.3,
        )
    except TimedOut as error:
        raise MachineError(str(error), remedy=_why_not_ready(nodes)) from error


def _dns_ready() -> bool:
    """CoreDNS says so itself once it has seen the services; bash is the only HTTP client that is surely there."""
    ask = "exec 3<>/dev/tcp/127.0.0.1/8181; printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3"
    return (
        "200" in attempt(["nsenter", f"--net=/run/netns/{layout.FABRIC}", "--", "bash", "-c", ask], timeout_s=10).stdout
    )


def _why_not_ready(nodes: Sequence[Node]) -> str:
    """Which daemon is not there and what it said last."""
    ready = ready_nodes()
    for each in nodes:
        for daemon in (node.containerd(each), node.kubelet(each)):
            if daemon.pid() is None:
                return _blame(daemon, f"{daemon.name} of {each.name} ended")
        if not ready.get(each.name, False):
            return _blame(node.kubelet(each), f"the kubelet of {each.name} is not ready")
    return _blame(controlplane.dns(), "the cluster's DNS is not ready")


def _blame(daemon: Daemon, what: str) -> str:
    return f"{what}; its log {daemon.log_file} ends: {daemon.last_words()}"


def daemons(nodes: Sequence[Node]) -> tuple[Daemon, ...]:
    """Every daemon of a testbed with these nodes, in the order of their start."""
    return (
        controlplane.etcd(),
        controlplane.api_server(),
        controlplane.controller_manager(),
        controlplane.scheduler(),
        controlplane.dns(),
        controlplane.fabric_proxy(),
        *(daemon(each) for each in nodes for daemon in (node.containerd, node.kubelet, node.proxy)),
    )


def running_nodes() -> tuple[Node, ...]:
    """The nodes of the testbed that is up and healthy: every daemon alive, every node ready; empty otherwise."""
    nodes = state.load()
    if not nodes or any(daemon.pid() is None for daemon in daemons(nodes)):
        return ()
    ready = ready_nodes()
    return nodes if all(ready.get(each.name, False) for each in nodes) else ()
