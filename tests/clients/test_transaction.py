"""Transactions: what is journalled of each end, and what the client does after it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from harness.clients import transaction
from harness.clients.settings import transactional_producer
from harness.clients.transaction import (
    Ending,
    Fate,
    Intent,
    Progress,
    TransactionalClient,
    close_transactions,
    transact,
)
from harness.ops import OpType
from harness.verdict import Inconclusive
from tests.clients.fakes import FakeProducer, KeptJournal

SENDS = (("out-0", "a"), ("out-1", "b"))
PROGRESS = Progress(group="smiths", next_offsets={"in-0": 7}, member="the member")
FENCED = KafkaError(KafkaError._FENCED, "made up", fatal=True)
LATE = KafkaError(KafkaError._TIMED_OUT, "made up", retriable=True)
ABORTABLE = KafkaError(KafkaError._INCONSISTENT, "made up", txn_requires_abort=True)
STATE = KafkaError(KafkaError._STATE, "made up")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for what does not come."""
    monkeypatch.setattr(transaction, "PATIENCE_S", 0.0)


@pytest.fixture
def journal(tmp_path: Path) -> KeptJournal:
    return KeptJournal(tmp_path)


def client(producer: FakeProducer, monkeypatch: pytest.MonkeyPatch) -> TransactionalClient:
    monkeypatch.setattr(transaction, "Producer", lambda _: producer)
    return TransactionalClient(transactional_producer("nowhere:9", transactional_id="smith"))


def attempt(producer: FakeProducer, monkeypatch: pytest.MonkeyPatch, *, fate: Fate = Fate.COMMIT) -> Ending:
    return client(producer, monkeypatch).attempt(Intent(sends=SENDS, fate=fate, progress=PROGRESS))


def test_a_transaction_is_journalled_with_everything_that_belongs_to_it(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = {"in-0": [(6, "x")]}
    intent = Intent(sends=SENDS, reads=reads, progress=PROGRESS, extra={"rebalance-log": []})
    ending = transact(intent, client=client(FakeProducer(), monkeypatch), process=3, journal=journal)
    assert ending.usable
    assert journal.told("txn") == [
        ("invoke", 3, [["poll"], ["send", "out-0", "a"], ["send", "out-1", "b"]]),
        ("ok", 3, [["poll", reads], ["send", "out-0", [0, "a"]], ["send", "out-1", [0, "b"]]]),
    ]
    extra = {"txn-id": "smith", "group": "smiths", "committed": {"in-0": 7}, "rebalance-log": []}
    assert journal.ops[-1].extra == extra


def test_what_the_client_was_told_of_a_failed_transaction_is_kept(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = FakeProducer(produce=[None, ABORTABLE])
    transact(Intent(sends=SENDS), client=client(producer, monkeypatch), process=3, journal=journal)
    assert journal.told("txn")[-1] == ("fail", 3, [["send", "out-0", [0, "a"]], ["send", "out-1", "b"]])
    assert journal.ops[-1].extra == {"txn-id": "smith", "error": "_INCONSISTENT"}


def test_one_that_is_given_up_is_written_and_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = FakeProducer()
    ending = attempt(producer, monkeypatch, fate=Fate.ABORT)
    assert (ending.outcome, ending.usable) == (OpType.FAIL, True)
    assert producer.calls == ["begin", "produce", "produce", "offsets", "flush", "abort"]


def test_one_that_is_abandoned_is_left_as_it_is_and_its_client_never_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    producer = FakeProducer()
    ending = attempt(producer, monkeypatch, fate=Fate.ABANDON)
    assert (ending.outcome, ending.usable) == (OpType.FAIL, False)
    assert producer.calls == ["begin", "produce", "produce", "offsets", "flush"]


@pytest.mark.parametrize("call", ["produce", "offsets", "commit"])
def test_an_error_that_asks_for_an_abort_is_aborted(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    producer = FakeProducer(**{call: [ABORTABLE]})
    ending = attempt(producer, monkeypatch)
    assert (ending.outcome, ending.usable, producer.calls[-1]) == (OpType.FAIL, True, "abort")


@pytest.mark.parametrize(("call", "outcome"), [("offsets", OpType.FAIL), ("commit", OpType.INFO)])
def test_after_a_fatal_error_the_client_is_not_used_again(
    call: str, outcome: OpType, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = FakeProducer(**{call: [FENCED]})
    ending = attempt(producer, monkeypatch)
    assert (ending.outcome, ending.usable, producer.calls[-1]) == (outcome, False, call)


def test_a_client_that_does_not_come_back_from_adding_offsets_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "LEFT_BEHIND_AFTER_S", 0.01)
    producer, coordinator = FakeProducer(), threading.Event()
    monkeypatch.setattr(producer, "send_offsets_to_transaction", lambda *_: coordinator.wait(10))
    ending = attempt(producer, monkeypatch)
    coordinator.set()
    assert (ending.outcome, ending.usable) == (OpType.FAIL, False)
    assert producer.calls == ["begin", "produce", "produce"]


def test_a_commit_that_takes_its_time_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "PATIENCE_S", 5.0)
    producer = FakeProducer(commit=[LATE, LATE])
    assert attempt(producer, monkeypatch).outcome is OpType.OK
    assert producer.calls.count("commit") == 3


@pytest.mark.parametrize("abort", [None, STATE])
def test_a_commit_without_an_answer_may_have_happened(
    abort: KafkaError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = FakeProducer(commit=[LATE] * 5, abort=[abort])
    ending = attempt(producer, monkeypatch)
    assert (ending.outcome, ending.usable) == (OpType.INFO, False)


def test_a_predecessor_that_cannot_be_succeeded_leaves_transactions_that_may_be_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    producer = FakeProducer(init=[None, LATE, LATE])
    monkeypatch.setattr(transaction, "Producer", lambda _: producer)
    close_transactions("nowhere:9", ["smith"])
    with pytest.raises(KafkaException, match="made up"):
        client(producer, monkeypatch).take_over()
    producer.errors = {"init": [LATE, LATE]}
    with pytest.raises(Inconclusive, match="transactions of smith may be open"):
        close_transactions("nowhere:9", ["smith"])
