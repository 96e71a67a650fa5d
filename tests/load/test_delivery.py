"""Judging delivery: each anomaly is seen, and what could not be read is not called lost."""

from __future__ import annotations

import pytest

from harness.checkers.load import delivery
from harness.measuring.ledger import ConsumerLedger, Ledger, ProducerLedger, Run
from harness.verdict import Judgement, Verdict
from tests.load.samples import good_ledgers, ledgers

ALL: list[Run] = [(0, 99, 1)]


def check(entries: tuple[Ledger, ...]) -> Judgement:
    return delivery.check(entries, producers=1, consumers=1)


def anomalies(judgement: Judgement) -> list[str]:
    return [finding.anomaly for finding in judgement.findings]


def test_ledgers_that_agree_pass() -> None:
    judgement = check(good_ledgers(100))
    assert judgement.verdict is Verdict.PASS
    assert judgement.measured["acknowledged"] == 200


@pytest.mark.parametrize(
    ("read", "disordered", "anomaly"),
    [
        ([(0, 49, 1), (51, 99, 1)], 0, "lost"),
        ([(0, 49, 1), (50, 50, 2), (51, 99, 1)], 1, "duplicated"),
        ([(0, 120, 1)], 0, "phantom"),
        (ALL, 3, "disordered"),
    ],
)
def test_each_anomaly_fails(read: list[Run], disordered: int, anomaly: str) -> None:
    judgement = check(ledgers(acknowledged=ALL, read=read, sent=100, disordered=disordered))
    assert judgement.verdict is Verdict.FAIL
    assert anomalies(judgement) == [anomaly]


def test_a_record_of_a_stream_that_nobody_sent_is_a_phantom() -> None:
    entries = (
        ProducerLedger(sent={"0/0": 100}, acknowledged={"0/0": tuple(ALL)}),
        ConsumerLedger(reads={"0/0": tuple(ALL), "9/0": ((0, 4, 1),)}, disordered=0, reached_end=True, reading_s=1.0),
    )
    assert anomalies(check(entries)) == ["phantom"]


def test_an_unacknowledged_record_may_be_read_or_not() -> None:
    some: list[Run] = [(0, 49, 1)]
    assert check(ledgers(acknowledged=some, read=ALL, sent=100)).verdict is Verdict.PASS
    assert check(ledgers(acknowledged=some, read=some, sent=100)).verdict is Verdict.PASS


def test_what_was_not_reached_is_not_lost() -> None:
    judgement = check(ledgers(acknowledged=ALL, read=[(0, 49, 1)], sent=100, reached_end=False))
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.measured["unread"] == 100


def test_two_readers_of_one_record_are_a_duplicate() -> None:
    producer, consumer = ledgers(acknowledged=ALL, read=ALL, sent=100)
    judgement = delivery.check((producer, consumer, consumer), producers=1, consumers=2)
    assert "duplicated" in anomalies(judgement)


def test_missing_ledgers_are_inconclusive() -> None:
    producer, consumer = good_ledgers()
    assert check((producer,)).verdict is Verdict.INCONCLUSIVE
    assert check((consumer,)).verdict is Verdict.INCONCLUSIVE
    assert check(()).verdict is Verdict.INCONCLUSIVE


def test_nothing_acknowledged_is_inconclusive() -> None:
    assert check(ledgers(acknowledged=[], read=[], sent=100)).verdict is Verdict.INCONCLUSIVE
