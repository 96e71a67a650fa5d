"""One node: a mount namespace for the paths that Kubernetes hard-codes; containerd, kubelet, kube-proxy in it."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from harness.errors import MachineError
from harness.waiting import TimedOut, wait_until
from testbed import certificates, controlplane, layout
from testbed.daemons import Daemon
from testbed.layout import Node
from testbed.shell import run

MOUNT_NAMESPACES_DIR = layout.STATE_DIR / "mnt"
# What a node sees at these places is its own folder; on the machine they stay untouched.
PRIVATE_PATHS = {
    "/var/lib/kubelet": "kubelet",
    "/run/containerd": "run-containerd",
    "/var/lib/cni": "cni-state",
    "/run/netns": "netns",
    "/var/log": "log",
}


def prepare(node: Node, *, image_store: Path) -> None:
    """Write the node's files, give it the prepared images, and create its mount namespace."""
    node.dir.mkdir(parents=True, exist_ok=True)
    for folder in PRIVATE_PATHS.values():
        (node.dir / folder).mkdir(exist_ok=True)
    _write_configs(node)
    copy_image_store(image_store, node.dir / "containerd")
    _create_mount_namespace(node)


def copy_image_store(source: Path, target: Path) -> None:
    """Give the node a containerd root with all images unpacked.

    Unpacked layers are read-only, so the nodes share them as hard links (three imports of the same image would cost
    ten times as long and three times the memory); the databases are written to, so each node gets its own copy.
    """
    shutil.rmtree(target, ignore_errors=True)
    same_disk = source.stat().st_dev == target.parent.stat().st_dev
    run(["cp", "--archive", "--link" if same_disk else "--reflink=auto", source, target])
    for database in target.rglob("*.db"):
        original = source / database.relative_to(target)
        database.unlink()
        shutil.copy2(original, database)


def created_mount_points() -> tuple[str, ...]:
    """Create the places that are missing on the machine, and say which, so that `down` can take them away."""
    created = tuple(path for path in PRIVATE_PATHS if not Path(path).exists())
    for path in created:
        Path(path).mkdir(parents=True)
    return created


def prepare_mount_namespaces() -> None:
    """A mount namespace can only be kept under a mount that is shared with nobody."""
    MOUNT_NAMESPACES_DIR.mkdir(parents=True, exist_ok=True)
    run(["mount", "--bind", MOUNT_NAMESPACES_DIR, MOUNT_NAMESPACES_DIR])
    run(["mount", "--make-private", MOUNT_NAMESPACES_DIR])


def _create_mount_namespace(node: Node) -> None:
    """The machine's mounts still arrive in it (volumes are renewed from outside), its own never leave."""
    node.mount_namespace.touch()
    script = " && ".join(
        f"mount --bind {node.dir / folder} {path} && mount --make-shared {path}"
        for path, folder in PRIVATE_PATHS.items()
    )
    run(["unshare", f"--mount={node.mount_namespace}", "--propagation=slave", "sh", "-c", script])


def containerd(node: Node) -> Daemon:
    """The node's container runtime, from Debian."""
    return _daemon(node, "containerd", "/usr/bin/containerd", f"--config={node.dir / 'containerd.toml'}")


def kubelet(node: Node) -> Daemon:
    """The node's kubelet."""
    return _daemon(
        node,
        "kubelet",
        str(layout.BIN_DIR / "kubelet"),
        f"--config={node.dir / 'kubelet.yaml'}",
        f"--kubeconfig={node.dir / 'kubelet.kubeconfig'}",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        f"--node-labels=topology.kubernetes.io/zone={node.zone}",
    )


def proxy(node: Node) -> Daemon:
    """The node's kube-proxy."""
    return controlplane.proxy(
        name="kube-proxy",
        node_name=node.name,
        folder=node.dir,
        namespace=node.network_namespace,
        mount_namespace=node.mount_namespace,
    )


def _daemon(node: Node, name: str, *argv: str) -> Daemon:
    return Daemon(
        name=name,
        argv=argv,
        dir=node.dir,
        network_namespace=node.network_namespace,
        mount_namespace=node.mount_namespace,
    )


def wait_for_containerd(nodes: Sequence[Node], *, timeout_s: float = 30) -> None:
    """Wait until every containerd takes connections: a kubelet that starts sooner gives up."""
    for node in nodes:
        server = containerd(node)

        def listening(node: Node = node) -> bool:
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(str(node.dir / "run-containerd" / "containerd.sock")) == 0

        try:
            wait_until(listening, what=f"the start of containerd on {node.name}", timeout_s=timeout_s, every_s=0.1)
        except TimedOut as error:
            raise MachineError(str(error), remedy=f"its log {server.log_file} ends: {server.last_words()}") from error


def _write_configs(node: Node) -> None:
    certificates.write_kubeconfig(node.name, node.dir / "kubelet.kubeconfig")
    certificates.write_kubeconfig("proxy", node.dir / "proxy.kubeconfig")
    (node.dir / "resolv.conf").write_text("", encoding="utf-8")
    (node.dir / "kubelet.yaml").write_text(json.dumps(kubelet_config(node), indent=2), encoding="utf-8")
    (node.dir / "containerd.toml").write_text(
        containerd_config(root=node.dir / "containerd", state=Path("/run/containerd"), cni_dir=node.dir / "cni"),
        encoding="utf-8",
    )
    (node.dir / "cni").mkdir(exist_ok=True)
    (node.dir / "cni" / "10-greenfield.conflist").write_text(json.dumps(cni_config(node), indent=2), encoding="utf-8")


def kubelet_config(node: Node) -> dict[str, object]:
    """The kubelet's configuration (as JSON, which is YAML)."""
    files = layout.CERTIFICATES_DIR
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(files / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(files / f"{node.name}.crt"),
        "tlsPrivateKeyFile": str(files / f"{node.name}.key"),
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": node.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "clusterDNS": [layout.DNS_SERVICE_ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": str(node.dir / "resolv.conf"),
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "serializeImagePulls": False,
        "maxPods": 60,
        # The images were put there by hand and cannot be pulled again, so the kubelet must never tidy them away.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    }


def containerd_config(*, root: Path, state: Path, cni_dir: Path) -> str:
    """containerd's configuration; it knows no registry, and may not raise a process above this machine's own rank."""
    return f"""\
version = 2
root = "{root}"
state = "{state}"

[grpc]
  address = "{state}/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{layout.PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni_dir}"
"""


def cni_config(node: Node) -> dict[str, object]:
    """The pods' network: routes to pods, services and nodes, and no default route."""
    return {
        "cniVersion": "0.4.0",
        "name": "greenfield",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": node.pod_cidr}]],
                    "routes": [{"dst": cidr} for cidr in (layout.POD_CIDR, layout.SERVICE_CIDR, layout.FABRIC_CIDR)],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
