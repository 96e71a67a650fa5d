"""The steady state: every pod ready, every partition in sync; from any other state nothing can be judged."""

from __future__ import annotations

from harness.clients.admin import NoAnswer
from harness.protocols import Admin, Cluster
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

BUDGET_S = 60.0
NAMED = 5
"""How many partitions are named when many are not in sync."""


def await_steady_state(cluster: Cluster, admin: Admin, *, before: str) -> None:
    """Wait for the steady state, which must come before something begins; raise Inconclusive when it does not."""
    try:
        wait_until(
            lambda: cluster.all_ready() and not admin.out_of_sync(),
            what="steady state",
            timeout_s=BUDGET_S,
            detail=lambda: what_is_missing(cluster, admin),
        )
    except TimedOut as late:
        raise Inconclusive(f"the cluster was not in its steady state before {before}: {late}") from late


def what_is_missing(cluster: Cluster, admin: Admin) -> str:
    """Say which pods are not ready and which partitions are not in sync; nothing when everything is there by now."""
    waiting = [pod for pod in (*cluster.brokers, *cluster.zookeepers) if not cluster.is_ready(pod)]
    said = [f"{', '.join(waiting)} not ready"] if waiting else []
    try:
        lagging = [f"{one.key} on {sorted(one.isr)} of {sorted(one.replicas)}" for one in admin.out_of_sync()]
    except NoAnswer as silence:
        return "; ".join([*said, f"no broker says what is in sync ({silence})"])
    if lagging:
        more = f" and {len(lagging) - NAMED} more" if len(lagging) > NAMED else ""
        said.append(f"in sync {', '.join(lagging[:NAMED])}{more}")
    elif waiting:
        said.append("every partition that is told of is in sync")
    return "; ".join(said)
