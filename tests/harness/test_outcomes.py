"""The outcomes table: only what surely was not written fails; whatever loses the answer is unknown."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from harness.clients.outcomes import DEFINITELY_NOT_WRITTEN, outcome_of
from harness.ops import OpType

UNKNOWN = (
    KafkaError._MSG_TIMED_OUT,
    KafkaError._TIMED_OUT,
    KafkaError._TIMED_OUT_QUEUE,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._PURGE_INFLIGHT,
    KafkaError._FAIL,
    KafkaError._FATAL,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.NETWORK_EXCEPTION,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    KafkaError.BROKER_NOT_AVAILABLE,
    KafkaError.UNKNOWN,
)


def test_no_error_means_that_it_was_written() -> None:
    assert outcome_of(None) is OpType.OK


@pytest.mark.parametrize("code", sorted(DEFINITELY_NOT_WRITTEN), ids=lambda code: str(KafkaError(code).name()))
def test_a_refusal_before_the_append_means_that_it_was_not(code: int) -> None:
    assert outcome_of(KafkaError(code)) is OpType.FAIL


@pytest.mark.parametrize("code", UNKNOWN, ids=lambda code: str(KafkaError(code).name()))
def test_a_lost_answer_means_that_nobody_knows(code: int) -> None:
    assert outcome_of(KafkaError(code)) is OpType.INFO


def test_an_error_that_nobody_has_thought_of_means_that_nobody_knows() -> None:
    known = {value for value in vars(KafkaError).values() if isinstance(value, int)}
    assert len(known) > 100
    assert {outcome_of(KafkaError(code)) for code in known - DEFINITELY_NOT_WRITTEN - {0}} == {OpType.INFO}
