"""The one table that says what a client error means: did the write happen, not happen, or does nobody know?"""

from __future__ import annotations

from confluent_kafka import KafkaError

from harness.ops import OpType

DEFINITELY_NOT_WRITTEN = frozenset(
    {
        # The broker refused before appending (org.apache.kafka.common.errors, ReplicaManager.appendRecords).
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.INVALID_REQUIRED_ACKS,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,
        # Checked before the append; NOT_ENOUGH_REPLICAS_AFTER_APPEND is not in this list: it was appended.
        KafkaError.NOT_ENOUGH_REPLICAS,
        # The client never sent it.
        KafkaError._QUEUE_FULL,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._INVALID_ARG,
    }
)
"""Errors after which the record is surely not in the log.

Everything else is unknown. NOT_LEADER_OR_FOLLOWER looks like a refusal and is not one: the leader may have appended
the record before it stepped down (KAFKA-13574). Time-outs and broken connections lose the answer, not the request.
"""


def outcome_of(error: KafkaError | None) -> OpType:
    """Say how a send ended, given what the client was told."""
    if error is None:
        return OpType.OK
    return OpType.FAIL if error.code() in DEFINITELY_NOT_WRITTEN else OpType.INFO
