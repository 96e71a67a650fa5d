"""DEP: what runs is what the document says, at every level at which it can be seen."""

from __future__ import annotations

from harness.claims import clause
from harness.deployment import Deployment
from harness.evidence import Evidence


@clause("DEP-01")
def test_the_cluster_comes_up(deployment: Deployment, evidence: Evidence) -> None:
    """The manifests come up: every pod ready, every broker registered, every partition in sync.

    The manifests are applied to a namespace of their own. Within the budget every broker and ZooKeeper member must
    be ready, every broker registered under its documented address, the offsets topic made and all partitions in
    sync. If not, the reason names the object that is the cause.
    """
    evidence.fact(in_sync_s=deployment.in_sync_s, failure=deployment.failure)
    assert deployment.failure is None, deployment.failure
