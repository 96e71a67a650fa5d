"""STO: what a broker has stored is lost, and its peers give it back."""

from __future__ import annotations

from chaos.storage import VolumeLost
from harness import budget
from harness.claims import Level, clause
from harness.evidence import Evidence
from suites.ordeals.ordeal import Ordeal, leaders_moved

pytest_plugins = ("suites.ordeals.fixtures",)


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
