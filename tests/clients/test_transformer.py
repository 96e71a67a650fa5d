"""A transformer: it transforms what it is given, takes back what failed, is succeeded, and ends when all is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from harness.clients import membership, processes, transaction, transformer
from harness.clients.transaction import Fate
from harness.clients.transactional import Habit, TransactionalProducer
from harness.clients.transformer import Transformer
from tests.clients.fakes import FakeConsumer, FakeMessage, FakeProducer, KeptJournal, changed, end, record, scene

NEVER = Habit(abort_every=1_000, abandon_every=1_000)
BATCH = [record("in-1", 3, "a"), record("in-1", 5, "b"), end("in-1", 6)]
FENCED = KafkaError(KafkaError._FENCED, "made up", fatal=True)


@pytest.fixture
def journal(tmp_path: Path) -> KeptJournal:
    return KeptJournal(tmp_path)


def run(
    journal: KeptJournal,
    monkeypatch: pytest.MonkeyPatch,
    *lives: list[list[FakeMessage] | Callable[[FakeConsumer], None]],
    habit: Habit = NEVER,
    commit: list[KafkaError | None] | None = None,
) -> list[FakeConsumer]:
    """Let a transformer live one life after the other; it is told to stop before it begins."""
    consumers = [FakeConsumer([changed("on_assign", "in-1"), *polls]) for polls in lives]
    waiting = iter(consumers)
    producer = FakeProducer(commit=commit or [])
    monkeypatch.setattr(processes, "PAUSE_BEFORE_REPLACEMENT_S", 0.0)
    monkeypatch.setattr(membership, "Consumer", lambda _: next(waiting))
    monkeypatch.setattr(transaction, "Producer", lambda _: producer)
    one = Transformer("smith", scene=scene(journal), group="smiths", source="in", target="out", habit=habit)
    one._stopping.set()
    one._run()
    return consumers


def test_each_record_is_transformed_into_the_same_partition(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(journal, monkeypatch, [BATCH])
    assert journal.told("txn")[-1] == (
        "ok",
        0,
        [
            ["poll", {"in-1": [(3, "a"), (5, "b")]}],
            ["send", "out-1", [0, "a>0.1"]],
            ["send", "out-1", [1, "b>0.1"]],
        ],
    )
    assert journal.ops[-1].extra["committed"] == {"in-1": 6}
    assert journal.told("poll") == [("ok", 0, [["poll"]])]


def test_what_an_aborted_transaction_consumed_is_taken_again_and_gets_other_values(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    habit = Habit(abort_every=1, abandon_every=2)
    (first, _) = run(journal, monkeypatch, [BATCH, BATCH], [[end("in-1", 6)]], habit=habit)
    assert ("seek", ("in", 1, 3)) in first.asked
    ends = [value for kind, _, value in journal.told("txn") if kind == "fail"]
    assert [value[1][2][1] for value in ends] == ["a>0.1", "a>0.2"]  # type: ignore[index]


def test_a_client_whose_fate_is_unknown_is_succeeded_by_one_with_a_new_number(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(journal, monkeypatch, [BATCH], [BATCH], commit=[FENCED])
    ends = [(kind, process) for kind, process, _ in journal.told("txn") if kind != "invoke"]
    assert ends == [("info", 0), ("ok", 1)]
    assert journal.told("subscribe") == [("ok", 0, ["in"]), ("ok", 1, ["in"])]


def test_a_transformer_does_not_end_before_it_has_been_given_everything(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    (consumer,) = run(journal, monkeypatch, [BATCH[:2], [], [record("in-1", 6, "c")], [], [end("in-1", 7)]])
    assert consumer.polls == []
    assert len(journal.told("txn")) == 4


def test_a_member_that_is_given_no_partition_has_not_come_to_the_end(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformer, "SHARELESS_S", -1.0)
    run(journal, monkeypatch, [changed("on_revoke", "in-1"), changed("on_assign"), []], [BATCH])
    assert [(kind, process) for kind, process, _ in journal.told("txn") if kind != "invoke"] == [("ok", 1)]


def test_a_member_that_never_comes_back_from_leaving_is_left_behind(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ever = threading.Event()
    monkeypatch.setattr(membership, "LEFT_BEHIND_AFTER_S", 0.01)
    monkeypatch.setattr(FakeConsumer, "close", lambda _: ever.wait(60) and None)
    run(journal, monkeypatch, [BATCH])
    ever.set()
    assert [kind for kind, _, _ in journal.told("txn")] == ["invoke", "ok"]


def test_a_member_that_is_given_no_share_is_started_anew(journal: KeptJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer, "SHARELESS_S", -1.0)
    run(journal, monkeypatch, [changed("on_lost", "in-1"), []], [BATCH])
    assert journal.told("subscribe") == [("ok", 0, ["in"]), ("ok", 1, ["in"])]
    assert [(kind, process) for kind, process, _ in journal.told("txn") if kind != "invoke"] == [("ok", 1)]


def test_a_writer_does_not_end_before_a_successor_has_ended_what_it_left_open(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = FakeProducer()
    monkeypatch.setattr(transaction, "Producer", lambda _: producer)
    monkeypatch.setattr(processes, "PAUSE_BEFORE_REPLACEMENT_S", 0.0)
    habit = Habit(abort_every=1_000, abandon_every=1)
    one = TransactionalProducer("w", scene=scene(journal), keys=["in-0"], habit=habit, pause_s=0)
    one._live(0)
    assert [kind for kind, _, _ in journal.told("txn")] == ["invoke", "fail"]
    one.start()
    one.stop()
    assert producer.calls[-1] == "init"


def test_a_writer_draws_the_same_transactions_again_and_keeps_its_habits(journal: KeptJournal) -> None:
    keys = ("in-0", "in-1", "in-2")
    first, second = (
        TransactionalProducer("w", scene=scene(journal), keys=keys, habit=NEVER, pause_s=0) for _ in range(2)
    )
    drawn = [first._records(0, number) for number in range(1, 50)]
    assert drawn == [second._records(0, number) for number in range(1, 50)]
    assert {len(records) for records in drawn} == {2, 3, 4, 5}
    assert len({record for records in drawn for record in records}) == sum(map(len, drawn))
    fates = [Habit(abort_every=3, abandon_every=4).fate_of(number) for number in range(1, 7)]
    committed, given_up = Fate.COMMIT, Fate.ABORT
    assert fates == [committed, committed, given_up, Fate.ABANDON, committed, given_up]
