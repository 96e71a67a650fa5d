"""The Kubernetes objects that a cluster has from its first minute: its DNS, the DNS server's rights, its storage."""

from __future__ import annotations

import json
from collections.abc import Sequence

from testbed import controlplane, layout, volumes
from testbed.layout import Node
from testbed.shell import run


def create(nodes: Sequence[Node]) -> None:
    """Create them all in one request stream."""
    listed = {"apiVersion": "v1", "kind": "List", "items": [*dns_objects(), *volumes.objects(nodes)]}
    run(controlplane.kubectl_argv("apply", "--server-side", "--force-conflicts", "-f", "-"), stdin=json.dumps(listed))


def dns_objects() -> list[dict[str, object]]:
    """The service `kube-dns` at its well-known address, led to the server in the fabric."""
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    labels = {"kubernetes.io/service-name": "kube-dns", "endpointslice.kubernetes.io/managed-by": "testbed"}
    reads = {"verbs": ["list", "watch"]}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
            "spec": {"clusterIP": layout.DNS_SERVICE_ADDRESS, "ports": ports},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "kube-dns-fabric", "namespace": "kube-system", "labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [layout.CONTROL_PLANE_ADDRESS], "conditions": {"ready": True}}],
            "ports": ports,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "system:coredns"},
            "rules": [
                {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], **reads},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], **reads},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "system:coredns"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:coredns"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:coredns"}],
        },
    ]
