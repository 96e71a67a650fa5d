"""The verdict on a history of a live cluster: all anomalies are searched for, and the disks are asked about each."""

from __future__ import annotations

from harness import protocols
from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.disk_witness import DiskWitness
from harness.histories.history import History
from harness.judging.config import Config
from harness.judging.judge import Judged, Witness, judge, judgement
from harness.verdict import Judgement


def verdict_on(
    history: History, *, cluster: protocols.Cluster, admin: protocols.Admin, config: Config | None = None
) -> Judgement:
    """Judge a history after its traffic has ended; call it while the topics are still there."""
    judged = judge(history, config)
    return judgement(judged, witness=_witness(judged, cluster, admin))


def _witness(judged: Judged, cluster: protocols.Cluster, admin: protocols.Admin) -> Witness:
    """Return who is asked about findings: only a cluster of pods has disks."""
    if isinstance(cluster, Cluster) and isinstance(admin, Admin):
        return DiskWitness(judged, cluster=cluster, admin=admin)
    return lambda _: {"disk_unknown": "this cluster has no disks"}
