"""NODE: a node goes into maintenance, is not heard of, is cut off or loses its power; clients lose nothing."""

from __future__ import annotations

from chaos.lostnode import LASTS_S, KubeletStopped, NodeCutOff, NodePowerOff
from chaos.node import Drain
from harness import budget
from harness.claims import Level, clause
from harness.evidence import Evidence
from harness.trial import Patience
from suites.ordeals.ordeal import Ordeal, leaders_moved

pytest_plugins = ("suites.ordeals.fixtures",)

AWAY_S = 15.0
PATIENCE = Patience(proof_s=LASTS_S)


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


@clause("NODE-02", level=Level.CERTIFY)
def test_kubelet_stopped(ordeal: Ordeal, evidence: Evidence) -> None:
    """When the kubelet of a broker's node stands still, the node is not ready any more, and clients feel nothing.

    The traffic of FAIL-01. The kubelet on the node of a broker that leads partitions is stopped for 75 seconds, until
    nothing has been heard of the node for so long that its condition is Unknown; the broker on it must still answer
    another one. No broker may be missing from an in-sync set at any moment, and no partition may go without an
    acknowledgement for longer than the budget, which is that of an event that the data path does not depend on. The
    node must be ready again, and each acknowledged record must be read once and in order.
    """
    fault = KubeletStopped(ordeal.cluster, ordeal.a_leader())
    with ordeal.watcher() as watcher:
        tried = ordeal.survive(fault, budget.unrelated(), lasts_s=AWAY_S, patience=PATIENCE)
    evidence.judge(*tried.judgements, ordeal.sync_kept(watcher, tried, allowed=0))


@clause("NODE-03", level=Level.CERTIFY)
def test_node_cut_off(ordeal: Ordeal, evidence: Evidence) -> None:
    """When the node of a broker is cut off the network, others lead, and nothing acknowledged suffers.

    The traffic of FAIL-01. For 75 seconds nothing reaches the node of a broker that leads partitions, or leaves it. Its
    condition must be Unknown, and its broker must not answer another one. Leaders must have moved, and never more than
    one broker may be out of an in-sync set. A client with a request under way to a leader that is cut off waits as long
    as that, so the budget is the fault's own length and a hand-over. Then the node must be ready, every partition must
    be in sync again, and each acknowledged record must be read once and in order.
    """
    fault = NodeCutOff(ordeal.cluster, ordeal.a_leader())
    with ordeal.watcher() as watcher:
        tried = ordeal.survive(fault, budget.paused(ordeal.live, lasts_s=LASTS_S), lasts_s=AWAY_S, patience=PATIENCE)
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.sync_kept(watcher, tried, allowed=1))


@clause("NODE-04", level=Level.CERTIFY)
def test_node_power_off(ordeal: Ordeal, evidence: Evidence) -> None:
    """When the node of a broker loses its power, others lead, and nothing acknowledged suffers.

    The traffic of FAIL-01. All processes of the broker and the ZooKeeper member on the node of a broker that leads
    partitions end at once, and its kubelet is silent for 75 seconds, so that nobody starts them again. The node's
    condition must be Unknown, and its broker must not answer another one. Leaders must have moved, and never more than
    one broker may be out of an in-sync set. Nobody tells a client that its connection has ended, so the budget is that
    of NODE-03. Then the node must be ready, both must have started again, every partition must be in sync, and each
    acknowledged record must be read once and in order.
    """
    fault = NodePowerOff(ordeal.cluster, ordeal.a_leader())
    with ordeal.watcher() as watcher:
        tried = ordeal.survive(fault, budget.paused(ordeal.live, lasts_s=LASTS_S), lasts_s=AWAY_S, patience=PATIENCE)
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.sync_kept(watcher, tried, allowed=1))
