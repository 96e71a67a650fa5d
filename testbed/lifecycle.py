"""Bring the testbed up, find it, take it down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from harness.errors import MachineError
from harness.progress import Progress
from harness.waiting import TimedOut, wait_until
from testbed import build, certificates, cgroups, controlplane, kernel, layout, leftovers, machine, network, node, objects
from testbed import state, teardown, volumes
from testbed.daemons import Daemon
from testbed.layout import Node
from testbed.lock import lock
from testbed.shell import attempt
from testbed.state import Testbed


def up(*, node_count: int = 3, progress: Progress) -> Testbed:
    """Bring up a testbed with `node_count` nodes, or return the one that already runs with as many.

    Whatever an earlier run left behind is removed first. Raises UsageError for a bad node count and MachineError, before
    anything is created, when the machine cannot carry a testbed.
    """
    machine.check_node_count(node_count)
    with lock():
        present = running()
        if present is not None and len(present.nodes) == node_count:
            return present
        machine.check(machine.look(build_tools_needed=bool(build.missing_parts())))
        nodes = layout.nodes(node_count)
        artifacts = build.ensure(progress=progress)
        if leftovers.find():
            with progress.step("Removing what an earlier testbed left", expected_s=10):
                teardown.clear_or_fail()
        with progress.step(f"Starting a Kubernetes with {node_count} nodes", expected_s=20):
            _create(nodes, artifacts)
            _start(nodes, artifacts)
        state.save(nodes)
        return state.testbed(nodes)


def _create(nodes: Sequence[Node], artifacts: build.Artifacts) -> None:
    """Everything that is not a process."""
    layout.STATE_DIR.mkdir(parents=True)
    layout.STATE_DIR.chmod(0o755)
    kernel.note()
    state.save_created_mount_points(node.created_mount_points())
    network.create(nodes)
    cgroups.create(nodes)
    certificates.issue(nodes)
    controlplane.write_configs(nodes)
    build.install_programs(artifacts, layout.BIN_DIR)
    volumes.share_folder()
    node.prepare_mount_namespaces()


def _start(nodes: Sequence[Node], artifacts: build.Artifacts) -> None:
    """Start the control plane, and build the nodes while it comes up."""
    controlplane.etcd().start()
    api = controlplane.api_server()
    api.start()
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(volumes.create, volumes.volumes(nodes)))
    for each in nodes:
        node.prepare(each, image_store=artifacts.image_store)
        node.containerd(each).start()
    controlplane.wait_for_api(api)
    for daemon in (controlplane.controller_manager(), controlplane.scheduler()):
        daemon.start()
    node.wait_for_containerd(nodes)
    for each in nodes:
        node.kubelet(each).start()
        node.proxy(each).start()
    objects.create(nodes)
    for daemon in (controlplane.dns(), controlplane.fabric_proxy()):
        daemon.start()
    _wait_for_nodes(nodes)


def ready_nodes() -> dict[str, bool]:
    """Each registered node and whether it is ready; empty when the API does not answer."""
    asked = attempt(controlplane.kubectl_argv("get", "nodes", "-o", "json", "--request-timeout=5s"), timeout_s=15)
    return parse_nodes(asked.stdout) if asked.returncode == 0 else {}


def parse_nodes(nodes_json: str) -> dict[str, bool]:
    """Each node and whether it is ready, from the API's list of nodes."""
    return {
        item["metadata"]["name"]: any(
            condition["type"] == "Ready" and condition["status"] == "True" for condition in item["status"].get("conditions", [])
        )
        for item in json.loads(nodes_json)["items"]
    }


def _wait_for_nodes(nodes: Sequence[Node], *, timeout_s: float = 60) -> None:
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
    with_client = ["nsenter", f"--net=/run/netns/{layout.FABRIC}", "--", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8181"]
    probe = with_client[:-1] + ["exec 3<>/dev/tcp/127.0.0.1/8181; printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3"]
    return "200" in attempt(probe, timeout_s=10).stdout


def _why_not_ready(nodes: Sequence[Node]) -> str:
    """Which daemon is not there and what it said last."""
    ready = ready_nodes()
    for each in nodes:
        for daemon in (node.containerd(each), node.kubelet(each)):
            if daemon.pid() is None:
                return f"{daemon.name} of {each.name} ended; its log {daemon.log_file} ends: {daemon.last_words()}"
        if not ready.get(each.name, False):
            return f"the kubelet of {each.name} is not ready; its log {node.kubelet(each).log_file} ends: {node.kubelet(each).last_words()}"
    return f"the cluster's DNS is not ready; its log {controlplane.dns().log_file} ends: {controlplane.dns().last_words()}"


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


def running() -> Testbed | None:
    """The testbed of this machine if it is up and healthy: every daemon alive, every node ready."""
    nodes = state.load()
    if not nodes or any(daemon.pid() is None for daemon in daemons(nodes)):
        return None
    ready = ready_nodes()
    return state.testbed(nodes) if all(ready.get(each.name, False) for each in nodes) else None


def down(*, progress: Progress) -> tuple[str, ...]:
    """Take the testbed away and look for anything that is left; an empty answer means that nothing is."""
    with lock(), progress.step("Taking the testbed down", expected_s=8):
        teardown.clear()
        return leftovers.find()


def enter(testbed: Testbed, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` where the clients stand: in the fabric, with the cluster's DNS."""
    return ["ip", "netns", "exec", testbed.network_namespace, *argv]


def renew_volumes(testbed: Testbed) -> None:
    """Give every released volume a fresh file system and offer it again; call it before a deployment."""
    volumes.renew(layout.nodes(len(testbed.nodes)))
