"""NODE: a node goes into maintenance, and the cluster hardly notices."""

from __future__ import annotations

from chaos.node import Drain
from harness import budget
from harness.claims import Level, clause
from harness.evidence import Evidence
from suites.ordeals.ordeal import Ordeal, leaders_moved

pytest_plugins = ("suites.ordeals.fixtures",)

AWAY_S = 15.0


@clause("NODE-01", level=Level.CERTIFY)
def test_drain(ordeal: Ordeal, evidence: Evidence) -> None:
    """When a node is drained, its broker hands over, no second broker may be evicted, and clients lose nothing.

    The traffic of FAIL-01. The node of a broker that leads partitions is cordoned, and its broker and ZooKeeper member
    are evicted, for fifteen seconds. Meanwhile the eviction of another broker, which is only tried, must be refused
    with 429: the disruption budget holds. Leaders must have moved, never more than one broker may be out of an in-sync
    set of any partition, and the budget is that of a graceful delete. When the node takes pods again, both must come
    back, every partition must be in sync, and each acknowledged record must be read once and in order.
    """
    fault = Drain(ordeal.cluster, ordeal.a_leader())
    with ordeal.watcher() as watcher:
        tried = ordeal.survive(fault, budget.announced_end(), lasts_s=AWAY_S)
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.sync_kept(watcher, tried, allowed=1))
