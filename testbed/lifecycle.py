"""Bring the testbed up, find it, take it down."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from harness.errors import UsageError
from harness.progress import Progress
from testbed import (
    build,
    certificates,
    cgroups,
    controlplane,
    daemons,
    health,
    kernel,
    layout,
    leftovers,
    machine,
    network,
    node,
    objects,
    state,
    teardown,
    volumes,
)
from testbed.daemons import Daemon
from testbed.layout import Node
from testbed.locking import lock
from testbed.state import Testbed


def up(*, node_count: int = 3, progress: Progress) -> Testbed:
    """Bring up a testbed with `node_count` nodes, or return the one that already runs with as many.

    Whatever an earlier run left behind is removed first. Raises UsageError for a bad node count and MachineError,
    before anything is created, when the machine cannot carry a testbed.
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
    # Before the scheduler: one that learns of the volumes one by one may give a small claim a node's large volume.
    objects.create(nodes)
    for daemon in (controlplane.controller_manager(), controlplane.scheduler()):
        daemon.start()
    node.wait_for_containerd(nodes)
    for each in nodes:
        node.kubelet(each).start()
        node.proxy(each).start()
    for daemon in (controlplane.dns(), controlplane.fabric_proxy()):
        daemon.start()
    health.wait_for_nodes(nodes)


def running() -> Testbed | None:
    """The testbed of this machine; None when it is not up or not healthy."""
    nodes = health.running_nodes()
    return state.testbed(nodes) if nodes else None


def down(*, progress: Progress) -> tuple[str, ...]:
    """Take the testbed away and look for anything that is left; an empty answer means that nothing is."""
    with lock(), progress.step("Taking the testbed down", expected_s=8):
        teardown.clear()
        return leftovers.find()


def enter(testbed: Testbed, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` where the clients stand: in the fabric, with the cluster's DNS."""
    return ["ip", "netns", "exec", testbed.network_namespace, *argv]


def renew_volumes(testbed: Testbed) -> None:
    """Give every volume whose claim is gone a fresh file system and offer it again; call it before a deployment."""
    volumes.renew(layout.nodes(len(testbed.nodes)))


def daemon(testbed: Testbed, *, owner: str, name: str) -> Daemon:
    """One daemon of the testbed (`owner` is a node or "control-plane"), which a fault may stop and must start again."""
    folder = layout.CONTROL_PLANE_DIR if owner == layout.CONTROL_PLANE_DIR.name else layout.STATE_DIR / "nodes" / owner
    description = folder / f"{name}.json"
    if not description.exists():
        known = sorted(f"{each.dir.name}/{each.name}" for each in health.daemons(layout.nodes(len(testbed.nodes))))
        raise UsageError(f"the testbed has no daemon {owner}/{name}", remedy=f"it has {', '.join(known)}")
    return daemons.load(description)
