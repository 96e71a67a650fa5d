"""The steady state: every pod ready, every partition in sync; from any other state nothing can be judged."""

from __future__ import annotations

from harness.protocols import Admin, Cluster
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

BUDGET_S = 60.0


def await_steady_state(cluster: Cluster, admin: Admin, *, before: str) -> None:
    """Wait for the steady state, which must come before something begins; raise Inconclusive when it does not."""
    try:
        wait_until(lambda: cluster.all_ready() and not admin.out_of_sync(), what="steady state", timeout_s=BUDGET_S)
    except TimedOut as late:
        raise Inconclusive(f"the cluster was not in its steady state before {before}: {late}") from late
