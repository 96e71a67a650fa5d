"""The families of faults make the faults that they name, for the pods that they are given."""

from __future__ import annotations

from typing import cast

import pytest

from harness.clients.company import Transactions
from harness.families import Ground, catalogue
from harness.protocols import Admin
from tests.chaos.nodes import Nodes

EVERYBODY_ELSE = ("kafka-0", "kafka-2", "zookeeper-0", "zookeeper-1", "zookeeper-2")
MEMBERS = EVERYBODY_ELSE[2:]


@pytest.fixture
def ground() -> Ground:
    """Return three nodes with a broker and a ZooKeeper member on each."""
    company = Transactions(name="company")
    return Ground(cluster=Nodes({}).cluster, admin=cast(Admin, object()), topic="orders", company=company)


@pytest.mark.parametrize(
    ("family", "fault", "targets"),
    [
        ("pause", "pause", ("kafka-1",)),
        ("isolate", "partition", tuple(f"kafka-1 | {other}" for other in EVERYBODY_ELSE)),
        ("partition-bridge", "partition", ("kafka-0 | kafka-2",)),
        ("no-zookeeper", "partition", tuple(f"kafka-1 | {member}" for member in MEMBERS)),
        ("clients-cut-off", "clients cut off from a broker", ("kafka-1",)),
        ("loss", "packet loss", tuple(f"kafka-1 | {other}" for other in EVERYBODY_ELSE)),
        ("narrow", "narrow bandwidth", ("kafka-1",)),
        ("late", "disturbed traffic", ("kafka-1",)),
        ("no-names", "names without an answer", ("kafka-1",)),
        ("kubelet-stopped", "kubelet stopped", ("node-2", "kafka-1")),
        ("node-cut-off", "node cut off", ("node-2", "kafka-1")),
        ("node-power-off", "node power off", ("node-2", "kafka-1", "zookeeper-1")),
    ],
)
def test_a_family_strikes_the_pod_that_has_the_role(
    ground: Ground, family: str, fault: str, targets: tuple[str, ...]
) -> None:
    made = catalogue()[family].make(ground, ("kafka-1",))
    assert (made.name, made.plan()) == (fault, targets)


def test_a_ring_needs_no_victim(ground: Ground) -> None:
    made = catalogue()["partition-ring"].make(ground, ())
    assert made.plan() == ("kafka-0 | kafka-1", "kafka-1 | kafka-2", "kafka-2 | kafka-0")
