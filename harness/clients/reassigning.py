"""Reassignment: other replicas are asked for, of the controller itself; the main client library has no such request.

Kafka's own tool would have to run in a broker's container, and take what CPU the broker has.
"""

from __future__ import annotations

from collections.abc import Sequence

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from harness.clients.admin import Partition
from harness.verdict import Inconclusive

TIMEOUT_MS = 15_000


def reassign(bootstrap: str, wanted: Sequence[Partition]) -> None:
    """Ask for the replicas that these partitions are to have; it returns when the copying has begun.

    What is under way for one of them is replaced. Raises Inconclusive when the controller refuses any, or says nothing.
    """
    asked = {TopicPartition(one.topic, one.index): list(one.replicas) for one in wanted}
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","))
        try:
            said = admin.alter_partition_reassignments(asked, timeout_ms=TIMEOUT_MS)
        finally:
            admin.close()
    except KafkaError as error:
        raise Inconclusive(f"replicas cannot be reassigned: {error}") from error
    refused = [f"{one.topic}-{one.partition} ({said.get(one, 'no answer')})" for one in asked if said.get(one, ...)]
    if refused:
        raise Inconclusive(f"replicas cannot be reassigned: {', '.join(refused)}")
