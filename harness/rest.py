"""Rest: a cluster that was hurt has all its pods again, and every partition is in sync."""

from __future__ import annotations

from collections.abc import Callable

from harness.clients.admin import Admin, NoAnswer
from harness.cluster.connection import require_vantage
from harness.cluster.pods import KAFKA, ZOOKEEPER, Cluster
from harness.errors import MachineError
from harness.healing import Outcome
from harness.steady_state import what_is_missing
from harness.waiting import TimedOut, wait_until

PODS_BUDGET_S = 240.0
"""For a roll of three brokers that was undone half way: each waits until the one before it is in sync."""

SYNC_BUDGET_S = 120.0


def come_to_rest(
    cluster: Cluster, *, pods_budget_s: float = PODS_BUDGET_S, sync_budget_s: float = SYNC_BUDGET_S
) -> Outcome:
    """Wait until every pod is ready and every partition in sync; from where brokers cannot be asked nobody can tell."""
    sets = [name for name in (ZOOKEEPER, KAFKA) if cluster.replicas(name) is not None]
    if KAFKA not in sets:
        return Outcome(done=("no broker is deployed here, so none is awaited",))
    try:
        settled_s = wait_until(
            lambda: all(cluster.is_settled(name) for name in sets),
            what="every pod being ready",
            timeout_s=pods_budget_s,
            detail=lambda: what_is_missing(cluster, Admin(cluster.bootstrap)),
        )
    except TimedOut as late:
        return Outcome(left=(str(late),))
    ready = Outcome(done=(f"every pod is ready, after {settled_s:.1f} s",))
    try:
        require_vantage()
    except MachineError as error:
        return ready.and_then(Outcome(unknown=(f"whether every partition is in sync: {error.problem}",)))
    return ready.and_then(_in_sync(cluster, budget_s=sync_budget_s))


def _in_sync(cluster: Cluster, *, budget_s: float) -> Outcome:
    admin, brokers = Admin(cluster.bootstrap), len(cluster.brokers)

    def in_sync() -> bool:
        return len(admin.brokers()) == brokers and not admin.out_of_sync()

    try:
        took_s = wait_until(
            lambda: _answers(in_sync),
            what="every partition being in sync",
            timeout_s=budget_s,
            detail=lambda: what_is_missing(cluster, admin),
        )
    except TimedOut as late:
        return Outcome(left=(str(late),))
    return Outcome(done=(f"every partition is in sync on {brokers} brokers, after {took_s:.1f} s",))


def _answers(ask: Callable[[], bool]) -> bool:
    """Ask a cluster that is still coming up: while it gives no answer, the answer is not yet."""
    try:
        return ask()
    except NoAnswer:
        return False
