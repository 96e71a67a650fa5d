"""The control plane: etcd, the API server, the controllers, the scheduler and the cluster's DNS, all in the fabric."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import MachineError
from harness.waiting import TimedOut, wait_until
from testbed import certificates, layout
from testbed.daemons import Daemon
from testbed.layout import Node
from testbed.shell import attempt

CERTIFICATES = layout.CERTIFICATES_DIR


def _in_fabric(name: str, *words: str) -> Daemon:
    return Daemon(
        name=name,
        argv=(str(layout.BIN_DIR / name), *words),
        dir=layout.CONTROL_PLANE_DIR,
        network_namespace=layout.FABRIC,
    )


def etcd() -> Daemon:
    """The store; it does not wait for the disk, because a testbed does not outlive its machine."""
    return _in_fabric(
        "etcd",
        "--name=testbed",
        f"--data-dir={layout.CONTROL_PLANE_DIR / 'etcd'}",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )


def api_server() -> Daemon:
    """The API server, with RBAC and the node authorizer as on a real cluster."""
    return _in_fabric(
        "kube-apiserver",
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={layout.CONTROL_PLANE_ADDRESS}",
        f"--bind-address={layout.CONTROL_PLANE_ADDRESS}",
        "--secure-port=6443",
        f"--service-cluster-ip-range={layout.SERVICE_CIDR}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--anonymous-auth=false",
        "--profiling=false",
        f"--client-ca-file={CERTIFICATES / 'ca.crt'}",
        f"--tls-cert-file={CERTIFICATES / 'apiserver.crt'}",
        f"--tls-private-key-file={CERTIFICATES / 'apiserver.key'}",
        f"--kubelet-certificate-authority={CERTIFICATES / 'ca.crt'}",
        f"--kubelet-client-certificate={CERTIFICATES / 'kubelet-client.crt'}",
        f"--kubelet-client-key={CERTIFICATES / 'kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--requestheader-client-ca-file={CERTIFICATES / 'ca.crt'}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={CERTIFICATES / 'aggregator.crt'}",
        f"--proxy-client-key-file={CERTIFICATES / 'aggregator.key'}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={CERTIFICATES / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={CERTIFICATES / 'service-accounts.key'}",
    )


def controller_manager() -> Daemon:
    """All default controllers; nodes have their pod ranges from the testbed, so none are handed out."""
    config = layout.CONTROL_PLANE_DIR / "controller-manager.kubeconfig"
    return _in_fabric(
        "kube-controller-manager",
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=false",
        "--profiling=false",
        "--bind-address=127.0.0.1",
        f"--root-ca-file={CERTIFICATES / 'ca.crt'}",
        f"--service-account-private-key-file={CERTIFICATES / 'service-accounts.key'}",
    )


def scheduler() -> Daemon:
    """The default scheduler."""
    config = layout.CONTROL_PLANE_DIR / "scheduler.kubeconfig"
    return _in_fabric(
        "kube-scheduler",
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        "--leader-elect=false",
        "--profiling=false",
        "--bind-address=127.0.0.1",
    )


def dns() -> Daemon:
    """The cluster's DNS."""
    return _in_fabric("coredns", "-conf", str(layout.CONTROL_PLANE_DIR / "Corefile"))


def fabric_proxy() -> Daemon:
    """A kube-proxy for the fabric itself, so that clients there reach services as a pod does.

    It borrows the first node's name: only services with a local traffic policy could tell the difference.
    """
    return proxy(name="kube-proxy", node_name="node-1", folder=layout.CONTROL_PLANE_DIR, namespace=layout.FABRIC)


def proxy(*, name: str, node_name: str, folder: Path, namespace: str, mount_namespace: Path | None = None) -> Daemon:
    """A kube-proxy; the connection-tracking limits belong to the whole machine and are left alone."""
    return Daemon(
        name=name,
        argv=(
            str(layout.BIN_DIR / "kube-proxy"),
            f"--kubeconfig={folder / 'proxy.kubeconfig'}",
            f"--hostname-override={node_name}",
            "--proxy-mode=iptables",
            f"--cluster-cidr={layout.POD_CIDR}",
            "--conntrack-max-per-core=0",
            "--conntrack-min=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
            "--oom-score-adj=0",
            "--iptables-min-sync-period=200ms",
        ),
        dir=folder,
        network_namespace=namespace,
        mount_namespace=mount_namespace,
    )


def corefile(nodes: Sequence[Node]) -> str:
    """CoreDNS's configuration: short lives for every answer, also for "no such name": a new pod is found at once."""
    hosts = "\n".join(f"        {node.address} {node.name}" for node in nodes)
    return f"""\
.:53 {{
    bind {layout.CONTROL_PLANE_ADDRESS}
    errors
    health 127.0.0.1:8080
    ready 127.0.0.1:8181
    loadbalance
    cache 2 {{
        success 9984 2 0
        denial 9984 2 0
    }}
    hosts {{
{hosts}
        ttl 2
        fallthrough
    }}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {layout.CONTROL_PLANE_DIR / "coredns.kubeconfig"}
        pods insecure
        ttl 2
    }}
}}
"""


def write_configs(nodes: Sequence[Node]) -> None:
    """Write every file that the control plane reads."""
    layout.CONTROL_PLANE_DIR.mkdir(parents=True, exist_ok=True)
    for identity in ("controller-manager", "scheduler", "coredns", "proxy"):
        certificates.write_kubeconfig(identity, layout.CONTROL_PLANE_DIR / f"{identity}.kubeconfig")
    certificates.write_kubeconfig("admin", layout.KUBECONFIG)
    (layout.CONTROL_PLANE_DIR / "Corefile").write_text(corefile(nodes), encoding="utf-8")


def kubectl_argv(*words: str) -> list[str]:
    """The command line of a kubectl that stands in the fabric, from wherever it is called."""
    return [
        "nsenter",
        f"--net=/run/netns/{layout.FABRIC}",
        "--",
        str(layout.BIN_DIR / "kubectl"),
        f"--kubeconfig={layout.KUBECONFIG}",
        *words,
    ]


def wait_for_api(server: Daemon, *, timeout_s: float = 90) -> None:
    """Wait until the API server is ready; when it does not come, say its last words."""

    def ready() -> bool:
        if server.pid() is None:
            raise MachineError("the API server ended", remedy=f"its log {server.log_file} ends: {server.last_words()}")
        return attempt(kubectl_argv("get", "--raw", "/readyz"), timeout_s=20).returncode == 0

    try:
        wait_until(ready, what="the API server's readiness", timeout_s=timeout_s, every_s=0.2)
    except TimedOut as error:
        raise MachineError(str(error), remedy=f"its log {server.log_file} ends: {server.last_words()}") from error
