"""What the daemons are told: each of these lines is there because something breaks without it."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path

import pytest

from testbed import certificates, controlplane, layout, network, node, objects, volumes
from testbed.layout import Node

NODES = layout.nodes(3)
NODE = NODES[1]


def test_node_names_and_addresses_are_distinct() -> None:
    every = layout.nodes(layout.MAX_NODES)
    for key in ("name", "address", "pod_cidr", "network_namespace", "zone", "veth", "cgroup", "dir"):
        assert len({getattr(each, key) for each in every}) == len(every)
    assert [each.name for each in NODES] == ["node-1", "node-2", "node-3"]


def test_no_namespace_gets_a_way_out() -> None:
    for commands in network.plan(layout.nodes(5)).values():
        assert not [line for line in commands if "default" in line or "0.0.0.0" in line]
        assert [line for line in commands if line.startswith(f"route add {layout.SERVICE_CIDR} dev {layout.SINK}")]
    assert "default" not in json.dumps(node.cni_config(NODE)).lower()


def test_every_pod_range_is_routed_from_everywhere() -> None:
    plan = network.plan(NODES)
    assert list(plan) == [layout.FABRIC, *(each.network_namespace for each in NODES)]
    for each in NODES:
        route = f"route add {each.pod_cidr} via {each.address}"
        assert [name for name, commands in plan.items() if route not in commands] == [each.network_namespace]


def test_nothing_is_attached_to_the_machine_itself() -> None:
    pairs = [line for line in network.plan(NODES)[layout.FABRIC] if "type veth" in line]
    assert len(pairs) == 3
    assert all(f"netns {layout.NODE_PREFIX}" in line for line in pairs)


def test_the_kubelet_stays_in_its_own_cgroup_and_accepts_v1() -> None:
    config = node.kubelet_config(NODE)
    assert config["cgroupRoot"] == "/greenfield/node-2"
    assert config["failCgroupV1"] is False
    assert config["cgroupDriver"] == "cgroupfs"
    assert config["clusterDNS"] == [layout.DNS_SERVICE_ADDRESS]


def test_the_kubelet_has_its_zone() -> None:
    assert "--node-labels=topology.kubernetes.io/zone=zone-2" in node.kubelet(NODE).argv
    assert node.kubelet(NODE).network_namespace == NODE.network_namespace
    assert node.kubelet(NODE).mount_namespace == NODE.mount_namespace


def test_containerd_config_is_toml_and_does_not_lower_oom_scores() -> None:
    config = tomllib.loads(node.containerd_config(root=Path("/r"), state=Path("/s"), cni_dir=Path("/c")))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["restrict_oom_score_adj"] is True
    assert cri["sandbox_image"] == layout.PAUSE_IMAGE
    assert (config["root"], config["state"], config["grpc"]["address"]) == ("/r", "/s", "/s/containerd.sock")


def test_a_socket_path_fits_the_kernel() -> None:
    longest = layout.nodes(5)[-1].dir / "run-containerd" / "containerd.sock"
    assert len(str(longest)) < 108


@pytest.mark.parametrize(
    "flag",
    [
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
        "--anonymous-auth=false",
    ],
)
def test_the_api_server_has(flag: str) -> None:
    assert flag in controlplane.api_server().argv


@pytest.mark.parametrize("flag", ["--conntrack-max-per-core=0", "--conntrack-min=0", "--oom-score-adj=0"])
def test_the_proxies_leave_the_machine_alone(flag: str) -> None:
    assert flag in controlplane.fabric_proxy().argv
    assert flag in node.proxy(NODE).argv


def test_answers_and_refusals_of_the_dns_are_short_lived() -> None:
    text = controlplane.corefile(NODES)
    assert "success 9984 2 0" in text
    assert "denial 9984 2 0" in text
    assert text.count("ttl 2") == 2
    assert "10.88.0.12 node-2" in text
    assert text.count("{") == text.count("}")


def test_clients_ask_only_the_clusters_dns(tmp_path: Path) -> None:
    network.write_resolver_files(tmp_path / "x")
    lines = (tmp_path / "x" / "resolv.conf").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("nameserver")] == [f"nameserver {layout.CONTROL_PLANE_ADDRESS}"]


def test_each_identity_has_the_name_that_kubernetes_expects() -> None:
    subjects = {identity.file: identity.subject for identity in certificates.identities(NODES)}
    assert subjects["node-2"] == "/O=system:nodes/CN=system:node:node-2"
    assert subjects["admin"] == "/O=system:masters/CN=kubernetes-admin"
    assert subjects["scheduler"] == "/CN=system:kube-scheduler"


def test_a_kubeconfig_carries_its_certificates(tmp_path: Path) -> None:
    for name in ("ca.crt", "admin.crt", "admin.key"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    config = json.loads(certificates.kubeconfig("admin", folder=tmp_path))
    assert config["clusters"][0]["cluster"]["server"] == "https://10.88.0.1:6443"
    assert base64.b64decode(config["users"][0]["user"]["client-key-data"]) == b"admin.key"


def test_each_node_has_one_disk_of_each_documented_size() -> None:
    found = [item for item in volumes.objects(NODES) if item["kind"] == "PersistentVolume"]
    sizes = [item["spec"]["capacity"]["storage"] for item in found]  # type: ignore[index]
    assert sizes == ["10Gi", "5Gi"] * 3
    assert len({json.dumps(item["spec"]["local"]) for item in found}) == 6  # type: ignore[index]


def test_the_storage_class_is_the_default_and_waits_for_the_pod() -> None:
    (storage_class,) = [item for item in volumes.objects(NODES) if item["kind"] == "StorageClass"]
    assert "true" in json.dumps(storage_class["metadata"])
    assert storage_class["volumeBindingMode"] == "WaitForFirstConsumer"


def claim(uid: str) -> dict[str, object]:
    return {"kind": "PersistentVolumeClaim", "metadata": {"uid": uid, "name": "data", "namespace": "n"}}


def persistent_volume(phase: str, uid: str | None) -> dict[str, object]:
    spec = {"claimRef": {"uid": uid, "name": "data", "namespace": "n"}} if uid else {}
    return {
        "kind": "PersistentVolume",
        "metadata": {"name": "node-1-10gi", "uid": "v"},
        "spec": spec,
        "status": {"phase": phase},
    }


@pytest.mark.parametrize(
    ("items", "text", "orphaned"),
    [
        ([persistent_volume("Available", None)], "Available", False),
        ([persistent_volume("Bound", "u1"), claim("u1")], "Bound (n/data)", False),
        ([persistent_volume("Bound", "u1"), claim("u2")], "Bound (n/data)", True),
        ([persistent_volume("Released", "u1")], "Released (n/data)", True),
    ],
)
def test_a_volume_is_orphaned_when_its_own_claim_is_gone(
    items: list[dict[str, object]], text: str, orphaned: bool
) -> None:
    binding = volumes.parse_bindings(items)["node-1-10gi"]
    assert (str(binding), binding.orphaned) == (text, orphaned)


def test_the_dns_service_has_its_well_known_address() -> None:
    (service,) = [item for item in objects.dns_objects() if item["kind"] == "Service"]
    assert service["spec"]["clusterIP"] == "10.96.0.10"  # type: ignore[index]


def test_a_node_folder_is_below_the_state_folder() -> None:
    assert layout.STATE_DIR in Node(number=1).dir.parents
    assert layout.STATE_DIR in Node(number=1).mount_namespace.parents
