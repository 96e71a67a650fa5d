"""What is asked of retention that was late: late, or never? And what did the broker know of the topic?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from harness.cluster.pods import Cluster
from harness.verdict import Judgement, Verdict
from harness.waiting import TimedOut, wait_until

PATIENCE_S = 60.0


def explained(judge: Callable[[], Judgement], *, made_with: Callable[[], str]) -> Judgement:
    """Judge; a FAIL stays one, and its reason also says when it was made good and what the replicas were made with."""
    judged = judge()
    if judged.verdict is not Verdict.FAIL:
        return judged
    try:
        took_s = wait_until(lambda: judge().verdict is Verdict.PASS, what="it being made good", timeout_s=PATIENCE_S)
    except TimedOut:
        later = f"not made good in another {PATIENCE_S:g} s"
    else:
        later = f"made good {took_s:.1f} s later"
    return replace(judged, reason=f"{judged.reason}; {later}; {made_with()}")


def made_with(cluster: Cluster, pods: Iterable[str], place: str) -> str:
    """Return the settings with which each broker says that it has made a replica of a partition (topic-partition).

    A broker reads them from its own ZooKeeper member, which may lag behind the one that they were written to.
    """
    said = re.compile(rf"Created log for partition {re.escape(place)} in \S+ with properties (\{{.*\}})")
    found = {pod: said.search(cluster.logs(pod) or "") for pod in pods}
    return ", ".join(
        f"{pod} made it with {match[1] if match else 'what its log does not say'}" for pod, match in found.items()
    )
