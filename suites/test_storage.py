"""STO: what a broker has stored is lost, is not its own or cannot be added to, and its peers make up for it."""

from __future__ import annotations

from chaos.identity import WrongClusterId
from chaos.readonly import ReadOnlyVolume
from chaos.storage import VolumeLost
from chaos.vain import PROOF_S
from harness import budget
from harness.claims import Level, clause
from harness.evidence import Evidence
from harness.trial import Patience
from suites.ordeals.ordeal import Ordeal, leaders_moved

pytest_plugins = ("suites.ordeals.fixtures",)

PATIENCE = Patience(proof_s=PROOF_S)


@clause("STO-01", level=Level.CERTIFY)
def test_volume_lost(ordeal: Ordeal, evidence: Evidence) -> None:
    """A broker that has lost everything it had stored is filled again by its peers, byte for byte.

    The traffic of FAIL-01. A broker that leads partitions is stopped, its volume is emptied, and its process is killed,
    so that it starts with nothing. Files must have been there before and none after. Leaders must have moved, and the
    budget is that of a crash. When every partition is in sync again, the segment files of all replicas must be equal
    by their SHA-256, and each acknowledged record must be read once and in order.
    """
    tried = ordeal.survive(VolumeLost(ordeal.cluster, ordeal.a_leader()), budget.crash(ordeal.live))
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.replicas_agree())


@clause("STO-03", level=Level.CERTIFY)
def test_read_only_volume(ordeal: Ordeal, evidence: Evidence) -> None:
    """A broker that may not write to its volume does not serve from it, others lead, and it comes back when it may.

    The traffic of FAIL-01. The volume of a broker that leads partitions is made read-only, and its process is killed.
    It must have been started in vain, with the kernel's error in its log. Leaders must have moved, and the
    budget is that of a crash. When it may write again, every partition must be in sync again, all replicas must be
    equal by their SHA-256, and each acknowledged record must be read once and in order.
    """
    fault = ReadOnlyVolume(ordeal.cluster, ordeal.a_leader())
    tried = ordeal.survive(fault, budget.crash(ordeal.live), patience=PATIENCE)
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.replicas_agree())


@clause("STO-04", level=Level.CERTIFY)
def test_volume_of_another_cluster(ordeal: Ordeal, evidence: Evidence) -> None:
    """A broker that finds the volume of another cluster refuses to start, others lead, and nothing is overwritten.

    As STO-03, but the id of another cluster is written into the `meta.properties` of the volume: the broker must have
    ended with Kafka's own error at its start, and must come back with all that it had when it has its own id again.
    """
    fault = WrongClusterId(ordeal.cluster, ordeal.a_leader())
    tried = ordeal.survive(fault, budget.crash(ordeal.live), patience=PATIENCE)
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.replicas_agree())
