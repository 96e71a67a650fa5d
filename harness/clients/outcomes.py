"""The one table that says what a client error means: did it happen, not happen, or does nobody know?"""

from __future__ import annotations

from enum import Enum

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
        KafkaError._INVALID_ARG,
    }
)
"""Errors after which the record is surely not in the log.

Everything else is unknown. NOT_LEADER_OR_FOLLOWER looks like a refusal and is not one: the leader may have appended
the record before it stepped down (KAFKA-13574). Time-outs and broken connections lose the answer, not the request.
_UNKNOWN_PARTITION and _UNKNOWN_TOPIC look as if nothing had been sent; but when the library forgets a topic, it fails
with them also what it had sent before (seen: a record of a crashing leader was read after its _UNKNOWN_PARTITION).
"""


def outcome_of(error: KafkaError | None) -> OpType:
    """Say how a send ended, given what the client was told."""
    if error is None:
        return OpType.OK
    return OpType.FAIL if error.code() in DEFINITELY_NOT_WRITTEN else OpType.INFO


NEVER_COMMITTED = frozenset(
    {
        # The client never asked (rdkafka_cgrp.c, rd_kafka_commit): nothing to commit, or no group to ask.
        KafkaError._NO_OFFSET,
        KafkaError._INVALID_ARG,
        KafkaError._UNKNOWN_GROUP,
        # Refused whenever it is asked (GroupCoordinator.validateOffsetCommit, KafkaApis.handleOffsetCommitRequest).
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.OFFSET_METADATA_TOO_LARGE,
        KafkaError.INVALID_COMMIT_OFFSET_SIZE,
    }
)
"""Errors after which a group's offsets are surely not committed.

ILLEGAL_GENERATION and its like are not among them: the client asks again by itself when an answer is lost, so the
refusal may be that of the second request, and the first may have been granted before the group changed.
"""


def outcome_of_offset_commit(error: KafkaError | None) -> OpType:
    """Say how a commit of a group's offsets ended, given what the client was told."""
    if error is None:
        return OpType.OK
    return OpType.FAIL if error.code() in NEVER_COMMITTED else OpType.INFO


REFUSED_BEFORE_IT_WAS_ASKED = frozenset(
    {
        # Records of the transaction were not delivered: the client does not ask the coordinator to commit
        # (rdkafka_txnmgr.c, rd_kafka_txn_op_commit_transaction).
        KafkaError._INCONSISTENT,
    }
)
"""Answers of the client to a commit that it has not passed on."""


class CommitCall(Enum):
    """Whether the client was ever told to commit the transaction."""

    NEVER_MADE = "never made"
    MADE = "made"


def outcome_of_transaction(error: KafkaError | None, *, commit: CommitCall, abort_acknowledged: bool) -> OpType:
    """Say how a transaction ended: `error` is the first one that the client was told, None when all went well.

    - Without a call to commit it surely did not happen, whatever else went wrong: a coordinator commits only when it
      is asked to; what is left open is aborted by its time-out or by the successor (TransactionCoordinator.scala).
    - After one it surely did not happen if the client kept the call to itself, or if it asked for an abort and that was
      acknowledged: a coordinator that has begun to commit refuses to abort with INVALID_TXN_STATE
      (TransactionCoordinator.endTransaction).
    - Everything else is unknown. _FENCED and INVALID_TXN_STATE look like a refusal and are not one: the client asks
      again when an answer is lost, so the first request may have been granted before a successor fenced the second.
    """
    if commit is CommitCall.NEVER_MADE:
        return OpType.FAIL
    if error is None:
        return OpType.OK
    surely_not = error.code() in REFUSED_BEFORE_IT_WAS_ASKED or (error.txn_requires_abort() and abort_acknowledged)
    return OpType.FAIL if surely_not else OpType.INFO
