"""DEP: what runs is what the document says, at every level at which it can be seen."""

from __future__ import annotations

import re
import socket

from testinfra.host import Host

from chaos.process import GracefulDelete
from harness.checkers import triangle
from harness.checkers.triangle import Reading
from harness.claims import clause, expect_within
from harness.clients import zookeeper
from harness.clients.admin import Admin
from harness.clients.sending import Outgoing, send
from harness.cluster import kernel, objects
from harness.cluster.pods import Cluster, number_of
from harness.deployment import Deployment
from harness.document import Document, Sizing
from harness.evidence import Evidence
from harness.fixtures import TopicFactory
from harness.run import Run
from harness.trial import inject

FILE_SYSTEM_SHARE = 0.9
"""How much of a volume a file system leaves for data: ext4 keeps a few percent for its own tables."""

DURABLE_SETTINGS = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "unclean.leader.election.enable": "false",
    "auto.create.topics.enable": "false",
}


@clause("DEP-01")
def test_the_cluster_comes_up(deployment: Deployment, evidence: Evidence) -> None:
    """The manifests come up: every pod ready, every broker registered, every partition in sync.

    The manifests are applied to a namespace of their own. Within the budget every broker and ZooKeeper member must
    be ready, every broker registered under its documented address, the offsets topic made and all partitions in
    sync. If not, the reason names the object that is the cause.
    """
    evidence.fact(in_sync_s=deployment.in_sync_s, failure=deployment.failure)
    assert deployment.failure is None, deployment.failure


def members(cluster: Cluster, document: Document) -> list[tuple[str, Sizing]]:
    """Pair every pod of the cluster with its row in the document's sizing table."""
    kafka, keeper = document.sizing
    return [(pod, kafka) for pod in cluster.brokers] + [(pod, keeper) for pod in cluster.zookeepers]


@clause("DEP-02")
def test_replicas(cluster: Cluster, admin: Admin, document: Document, evidence: Evidence) -> None:
    """As many brokers and ZooKeeper members run as the document says.

    The number in the document is compared with the StatefulSet, with the pods that are ready, and with the members
    that answer their own protocol: brokers registered in the cluster, ZooKeeper members in a quorum.
    """
    kafka, keeper = document.sizing
    hosts = [cluster.address(pod) for pod in cluster.zookeepers]
    serving = [mode for mode in zookeeper.modes(hosts).values() if mode in {"leader", "follower"}]
    readings = [
        Reading(what="brokers", place="StatefulSet", documented=kafka.replicas, found=len(cluster.brokers)),
        Reading(what="brokers", place="registered", documented=kafka.replicas, found=len(admin.brokers())),
        Reading(what="ZooKeeper members", place="StatefulSet", documented=keeper.replicas, found=len(hosts)),
        Reading(what="ZooKeeper members", place="in the quorum", documented=keeper.replicas, found=len(serving)),
        Reading(
            what="pods",
            place="ready",
            documented=kafka.replicas + keeper.replicas,
            found=sum(cluster.is_ready(pod) for pod in (*cluster.brokers, *cluster.zookeepers)),
        ),
    ]
    evidence.judge(triangle.equal(readings))


@clause("DEP-03")
def test_cpu_and_memory(cluster: Cluster, document: Document, evidence: Evidence) -> None:
    """Each broker and ZooKeeper member has the documented CPU and memory, in its object and in the kernel.

    For every pod, requests and limits of the API object and the limits that the kernel enforces in the container's
    own cgroup must equal the document's table.
    """
    readings: list[Reading] = []
    for pod, sizing in members(cluster, document):
        claimed = objects.resources(cluster, pod)
        enforced = kernel.limits(cluster.inside(pod))
        for place, cpu, memory in (
            ("requests", claimed.requested_cpu_millicores, claimed.requested_memory_bytes),
            ("limits", claimed.limit_cpu_millicores, claimed.limit_memory_bytes),
            ("cgroup", enforced.cpu_millicores, enforced.memory_bytes),
        ):
            readings.append(Reading(what=f"{pod} CPU (m)", place=place, documented=sizing.cpu_millicores, found=cpu))
            readings.append(
                Reading(what=f"{pod} memory (B)", place=place, documented=sizing.memory_bytes, found=memory)
            )
    evidence.judge(triangle.equal(readings))


@clause("DEP-04")
def test_storage(cluster: Cluster, document: Document, evidence: Evidence) -> None:
    """Each broker and ZooKeeper member keeps its data on a claimed volume of the documented size.

    For every pod, the claim's request and its bound volume's capacity must be at least the documented size, and the
    file system that is mounted where the process writes must be a mount of its own with at least nine tenths of it.
    """
    readings: list[Reading] = []
    for pod, sizing in members(cluster, document):
        folder = data_folder(cluster.inside(pod), pod)
        volume = objects.volume_at(cluster, pod, folder)
        mounted = kernel.mount_of(cluster.inside(pod), folder)
        size = sizing.storage_bytes
        readings += [
            Reading(what=f"{pod} storage (B)", place="claim", documented=size, found=volume.requested_bytes),
            Reading(what=f"{pod} storage (B)", place="volume", documented=size, found=volume.capacity_bytes),
            Reading(
                what=f"{pod} storage (B)",
                place=f"mounted at {mounted.path}",
                documented=int(size * FILE_SYSTEM_SHARE),
                found=mounted.size_bytes if mounted.path != "/" else 0,
            ),
        ]
    evidence.judge(triangle.at_least(readings))


def data_folder(host: Host, pod: str) -> str:
    """Return where the process in this pod really writes, from its open files: never from a configuration text."""
    pattern = r"-> (/\S+)/[^/]+/\d+\.(?:log|index)$" if pod.startswith("kafka") else r"-> (/\S+)/version-2/\S+$"
    listing = host.run("ls -l /proc/1/fd").stdout
    folders = {match[1] for line in listing.splitlines() if (match := re.search(pattern, line))}
    assert len(folders) == 1, f"{pod} writes data in {sorted(folders) or 'no folder'}, expected exactly one"
    return folders.pop()


@clause("DEP-05")
def test_one_of_each_per_node(cluster: Cluster, evidence: Evidence) -> None:
    """No node carries two brokers or two ZooKeeper members, and the manifests demand it.

    The nodes of the running pods must differ, and each StatefulSet must require that (anti-affinity by host name):
    a preference would hold only until a node is full.
    """
    nodes = {pod: objects.node_of(cluster, pod) for pod in (*cluster.brokers, *cluster.zookeepers)}
    required = {name: objects.requires_separate_hosts(cluster, name) for name in ("kafka", "zookeeper")}
    evidence.fact(nodes=nodes, separation_required=required)
    for group in (cluster.brokers, cluster.zookeepers):
        assert len({nodes[pod] for pod in group}) == len(group), f"members share a node: {nodes}"
    lax = [name for name, demanded in required.items() if not demanded]
    assert not lax, f"nothing keeps the pods of StatefulSet {', '.join(lax)} on separate nodes"


@clause("DEP-06")
def test_names_resolve(cluster: Cluster, document: Document, evidence: Evidence) -> None:
    """From a client's place every documented name resolves to the pods that it names.

    Each broker's and member's own name must give exactly that pod's address; the service's name must give the
    addresses of all brokers.
    """
    found, expected = {}, {}
    for address in document.addresses:
        host = address.in_namespace(cluster.namespace).host
        pods = (address.pod,) if address.pod else cluster.brokers
        found[host] = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, address.port, socket.AF_INET)})
        expected[host] = sorted(objects.address_of(cluster, pod) for pod in pods)
    evidence.fact(resolved=found)
    assert found == expected, f"names resolve to {found}, expected {expected}"


@clause("DEP-07")
def test_the_volume_stays(steady: Cluster, admin: Admin, topic: TopicFactory, evidence: Evidence, run: Run) -> None:
    """A broker whose pod is replaced comes back with the same volume and the same files.

    Records are written, then the broker's pod is deleted. The new pod must have the same claim and volume, and the
    very same segment file (same inode) must be there, not a copy that was fetched again.
    """
    name = topic("volume", partitions=1)
    send(admin.bootstrap, name, [Outgoing(value=f"before-{number}".encode()) for number in range(100)])
    pod = steady.brokers[run.settings.seed % len(steady.brokers)]
    segment = f"{data_folder(steady.inside(pod), pod)}/{name}-0/00000000000000000000.log"
    volume, inode = objects.volume_at(steady, pod, segment), kernel.inode(steady.inside(pod), segment)
    fault = GracefulDelete(steady, pod)
    inject(fault, run, evidence)
    expect_within(
        lambda: fault.proof_of_healing() is not None and not admin.out_of_sync(),
        what=f"{pod} being replaced",
        budget_s=90,
    )
    run.faults.close(fault)
    after, inode_after = objects.volume_at(steady, pod, segment), kernel.inode(steady.inside(pod), segment)
    evidence.fact(pod=pod, proof=fault.proof_of_injection(), volume=volume.name, volume_after=after.name)
    evidence.fact(inode=inode, inode_after=inode_after)
    assert volume.name, f"{segment} of {pod} is on no claimed volume"
    assert volume.name == after.name, f"{pod} had volume {volume.name!r}, now it has {after.name!r}"
    assert inode == inode_after, f"{segment} is another file: inode {inode} before, {inode_after} after"


@clause("DEP-08")
def test_durable_settings(cluster: Cluster, admin: Admin, evidence: Evidence) -> None:
    """Every broker runs with the settings that keep what it acknowledged.

    Read from each live broker: replication factor 3 by default and for the internal topics, two in-sync replicas
    needed, no unclean leader election, no topics made by accident.
    """
    live = {pod: admin.broker_config(number_of(pod)) for pod in cluster.brokers}
    readings = [
        Reading(what=f"{pod} {name}", place="live", documented=value, found=live[pod].get(name))
        for pod in cluster.brokers
        for name, value in DURABLE_SETTINGS.items()
    ]
    evidence.judge(triangle.equal(readings))


@clause("DEP-09")
def test_unprivileged(cluster: Cluster, evidence: Evidence) -> None:
    """The processes run without root, without capabilities and on a read-only root file system.

    Read from the kernel inside each container: user id, effective capabilities and the flags of the root mount of
    the process that serves.
    """
    found = {pod: kernel.privileges(cluster.inside(pod)) for pod in (*cluster.brokers, *cluster.zookeepers)}
    evidence.fact(privileges={pod: privileges.as_json() for pod, privileges in found.items()})
    for pod, privileges in found.items():
        assert privileges.user_id != 0, f"{pod} runs as root"
        assert privileges.effective_capabilities == 0, f"{pod} has capabilities {privileges.effective_capabilities:#x}"
        assert privileges.root_read_only, f"the root file system of {pod} is writable"
