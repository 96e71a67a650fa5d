"""What a throttled replication would leave: rates at brokers, and the replicas that they hold for at topics."""

from __future__ import annotations

from collections.abc import Mapping

from harness.audit import Trace
from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive

RATES = (
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
)
REPLICAS = ("leader.replication.throttled.replicas", "follower.replication.throttled.replicas")
UNLIMITED = frozenset({"", str(2**63 - 1), "1.7976931348623157E308"})
"""What brokers say when there is no limit: nothing, or the largest number of its kind."""


class Throttles(Trace):
    """Throttles of replication in the live configuration of brokers and topics."""

    name = "replication throttles"

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        if not cluster.replicas("kafka"):
            return ()
        admin = Admin(cluster.bootstrap)
        brokers = admin.brokers()
        if not brokers:
            raise Inconclusive("no broker tells its configuration")
        found = [
            f"broker {broker}: {limit}" for broker in brokers for limit in limits(admin.broker_config(broker), RATES)
        ]
        found += [
            f"topic {name}: {limit}" for name in admin.topics() for limit in limits(admin.topic_config(name), REPLICAS)
        ]
        return tuple(found)


def limits(config: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the settings of these names that limit something."""
    return tuple(f"{name}={config[name]}" for name in names if config.get(name, "") not in UNLIMITED)
