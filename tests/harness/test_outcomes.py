"""The outcomes table: only what surely did not happen fails; whatever loses the answer is unknown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError

from harness.clients.outcomes import (
    DEFINITELY_NOT_WRITTEN,
    NEVER_COMMITTED,
    REFUSED_BEFORE_IT_WAS_ASKED,
    CommitCall,
    outcome_of,
    outcome_of_offset_commit,
    outcome_of_transaction,
)
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
CODES = frozenset(value for value in vars(KafkaError).values() if isinstance(value, int)) - {KafkaError.NO_ERROR}


def name(code: int) -> str:
    return str(KafkaError(code).name())


def after_commit(error: KafkaError | None, *, abort_acknowledged: bool = False) -> OpType:
    return outcome_of_transaction(error, commit=CommitCall.MADE, abort_acknowledged=abort_acknowledged)


def abortable(code: int) -> KafkaError:
    """Make an error after which the client asks for an abort."""
    return KafkaError(code, "made up", txn_requires_abort=True)


def test_no_error_means_that_it_was_written() -> None:
    assert outcome_of(None) is OpType.OK


@pytest.mark.parametrize("code", sorted(DEFINITELY_NOT_WRITTEN), ids=name)
def test_a_refusal_before_the_append_means_that_it_was_not(code: int) -> None:
    assert outcome_of(KafkaError(code)) is OpType.FAIL


@pytest.mark.parametrize("code", UNKNOWN, ids=name)
def test_a_lost_answer_means_that_nobody_knows(code: int) -> None:
    assert outcome_of(KafkaError(code)) is OpType.INFO


@pytest.mark.parametrize(
    ("outcome", "definite"),
    [
        (outcome_of, DEFINITELY_NOT_WRITTEN),
        (outcome_of_offset_commit, NEVER_COMMITTED),
        (after_commit, REFUSED_BEFORE_IT_WAS_ASKED),
    ],
)
def test_an_error_that_nobody_has_thought_of_means_that_nobody_knows(
    outcome: Callable[[KafkaError], OpType], definite: frozenset[int]
) -> None:
    assert len(CODES) > 100
    assert {outcome(KafkaError(code)) for code in CODES - definite} == {OpType.INFO}


def test_a_commit_without_an_error_happened() -> None:
    assert outcome_of_offset_commit(None) is OpType.OK
    assert after_commit(None) is OpType.OK


@pytest.mark.parametrize("code", sorted(NEVER_COMMITTED), ids=name)
def test_offsets_that_the_client_or_every_coordinator_refuses_are_not_committed(code: int) -> None:
    assert outcome_of_offset_commit(KafkaError(code)) is OpType.FAIL


@pytest.mark.parametrize("code", [KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID], ids=name)
def test_offsets_of_one_who_is_no_member_any_more_may_have_been_committed_before(code: int) -> None:
    assert outcome_of_offset_commit(KafkaError(code)) is OpType.INFO


@pytest.mark.parametrize("error", [None, *map(KafkaError, sorted(CODES))])
def test_a_transaction_whose_commit_nobody_called_surely_did_not_happen(error: KafkaError | None) -> None:
    for acknowledged in (True, False):
        outcome = outcome_of_transaction(error, commit=CommitCall.NEVER_MADE, abort_acknowledged=acknowledged)
        assert outcome is OpType.FAIL


@pytest.mark.parametrize("code", sorted(REFUSED_BEFORE_IT_WAS_ASKED), ids=name)
def test_a_commit_that_the_client_did_not_pass_on_surely_did_not_happen(code: int) -> None:
    assert after_commit(abortable(code)) is OpType.FAIL


@pytest.mark.parametrize("code", sorted(CODES), ids=name)
def test_a_commit_that_was_aborted_instead_surely_did_not_happen(code: int) -> None:
    assert after_commit(abortable(code), abort_acknowledged=True) is OpType.FAIL


@pytest.mark.parametrize("code", sorted(CODES - REFUSED_BEFORE_IT_WAS_ASKED), ids=name)
def test_a_commit_whose_abort_nobody_acknowledged_may_have_happened(code: int) -> None:
    assert after_commit(abortable(code)) is OpType.INFO


@pytest.mark.parametrize("code", [KafkaError._FENCED, KafkaError.INVALID_TXN_STATE, KafkaError._TIMED_OUT], ids=name)
def test_a_commit_that_was_fenced_or_lost_may_have_happened(code: int) -> None:
    assert after_commit(KafkaError(code, "made up", fatal=True)) is OpType.INFO
    assert after_commit(KafkaError(code, "made up", retriable=True)) is OpType.INFO


@pytest.mark.parametrize("code", [KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError._DESTROY])
def test_what_the_library_forgets_may_have_been_written(code: int) -> None:
    assert outcome_of(KafkaError(code)) is OpType.INFO
