"""The verdict on a history of a live cluster: all anomalies are searched for, and the disks are asked about each."""

from __future__ import annotations

from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.disk_witness import DiskWitness
from harness.histories.history import History
from harness.judging.config import Config
from harness.judging.judge import judge, judgement
from harness.verdict import Judgement


def verdict_on(history: History, *, cluster: Cluster, admin: Admin, config: Config | None = None) -> Judgement:
    """Judge a history after its traffic has ended; call it while the topics are still there."""
    judged = judge(history, config)
    return judgement(judged, witness=DiskWitness(judged, cluster=cluster, admin=admin))
