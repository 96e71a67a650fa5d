"""An ordeal as a fixture: every clause has one on a topic of its own."""

from __future__ import annotations

import pytest

from harness.clients.admin import Admin
from harness.clients.traffic import Load
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.run import Run
from suites.ordeals.ordeal import Ordeal

PARTITIONS = 6


@pytest.fixture
def ordeal(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, evidence: Evidence, run: Run
) -> Ordeal:
    """Return an ordeal under the traffic of FAIL-01."""
    load = Load(topic=topic("ordeal", partitions=PARTITIONS), partitions=PARTITIONS)
    return Ordeal(cluster=steady, admin=admin, flow=traffic(load), run=run, evidence=evidence)
