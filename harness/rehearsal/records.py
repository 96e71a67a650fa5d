"""Records, batches and answers: what travels between clients, leaders and followers."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

NO_PRODUCER = -1
"""The producer id of a producer that is not idempotent."""


class Kind(Enum):
    """What a record is: data, the end of a transaction, or an offset that holds nothing to read."""

    DATA = "data"
    COMMIT = "commit"
    ABORT = "abort"
    EMPTY = "empty"


class Record(NamedTuple):
    """One record of a log; `epoch` is the leader's, `producer_epoch` and `sequence` are the producer's."""

    offset: int
    epoch: int
    producer: int
    producer_epoch: int
    sequence: int
    value: int
    kind: Kind
    time_ns: int
    transactional: bool


class Batch(NamedTuple):
    """What a producer sends to a leader in one piece."""

    producer: int
    producer_epoch: int
    first_sequence: int
    values: tuple[int, ...]
    time_ns: int
    transactional: bool = False
    kind: Kind = Kind.DATA


class Failure(Enum):
    """Why a request was refused, or what its sender had to conclude."""

    TIMEOUT = "REQUEST_TIMED_OUT"
    DISCONNECTED = "NETWORK_EXCEPTION"
    NOT_LEADER = "NOT_LEADER_OR_FOLLOWER"
    FENCED_LEADER = "FENCED_LEADER_EPOCH"
    TOO_FEW = "NOT_ENOUGH_REPLICAS"
    TOO_FEW_AFTER = "NOT_ENOUGH_REPLICAS_AFTER_APPEND"
    TOO_LARGE = "MESSAGE_TOO_LARGE"
    OUT_OF_ORDER = "OUT_OF_ORDER_SEQUENCE_NUMBER"
    FENCED_PRODUCER = "INVALID_PRODUCER_EPOCH"
    BUSY_TRANSACTION = "CONCURRENT_TRANSACTIONS"
    WRONG_STATE = "INVALID_TXN_STATE"
    REBALANCING = "REBALANCE_IN_PROGRESS"
    OLD_GENERATION = "ILLEGAL_GENERATION"
    UNKNOWN_MEMBER = "UNKNOWN_MEMBER_ID"
    OUT_OF_RANGE = "OFFSET_OUT_OF_RANGE"
    NOT_AVAILABLE = "OFFSET_NOT_AVAILABLE"
    ABORTED = "TRANSACTION_ABORTED"


class Answer(NamedTuple):
    """What a client is told: a failure, or what it asked for."""

    failure: Failure | None
    content: Any = None
