"""The digests of a topic's segment files on every replica, once followers had time to fetch the last byte."""

from __future__ import annotations

import contextlib

from harness.checkers import replicas
from harness.clients.admin import Admin
from harness.cluster import segments
from harness.cluster.pods import Cluster
from harness.waiting import TimedOut, wait_until

FETCH_BUDGET_S = 5.0
"""A follower fetches at least every half second; behind a throttled CPU a few times that."""


def settled_digests(cluster: Cluster, admin: Admin, topic: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return each partition's segment digests by broker, once followers had time to fetch the last byte."""
    keys = [partition.key for partition in admin.describe(topic)]

    def read() -> dict[str, dict[str, dict[str, str]]]:
        held = {str(broker): segments.digests_of(cluster, admin, broker, topic) for broker in admin.brokers()}
        return {key: {broker: found.get(key, {}) for broker, found in held.items()} for key in keys}

    with contextlib.suppress(TimedOut):  # the checker says what differs
        wait_until(lambda: replicas.agree(read()), what="replicas being equal", timeout_s=FETCH_BUDGET_S)
    return read()
