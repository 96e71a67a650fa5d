"""The producer engine with transactions: what counts is what was committed, from when it was due until then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from harness.clients.engine.committing import CommittingSender
from harness.measuring.frames import merged
from tests.load.fake_producer import MS, FakeProducer, ordered, run


@dataclass
class FakeTransactional(FakeProducer):
    """A client whose commits take time; those in `broken` end in this error."""

    commit_ns: int = 20 * MS
    error: KafkaError | None = None
    broken: frozenset[int] = frozenset()
    begun: int = 0
    committed: int = 0
    aborted: int = 0

    def begin_transaction(self) -> None:
        assert self.begun == self.committed + self.aborted, "one transaction at a time"
        self.begun += 1

    def commit_transaction(self, _timeout_s: float) -> None:
        self.now_ns += self.commit_ns
        if self.error is not None and self.begun in self.broken:
            self.broken -= {self.begun}
            raise KafkaException(self.error)
        self.committed += 1

    def abort_transaction(self, _timeout_s: float) -> None:
        self.aborted += 1


def test_records_are_acknowledged_when_their_transaction_is_committed(tmp_path: Path) -> None:
    client = FakeTransactional()
    order = ordered(tmp_path, transaction_records=50)
    frames, ledger = run(client, order, rate_hz=1000, seconds=2, kind=CommittingSender)
    total = merged(frames)
    assert total.sent == total.acknowledged == total.latency.count
    assert total.sent == pytest.approx(2000, abs=60)
    assert client.committed == client.begun == pytest.approx(40, abs=2)
    assert total.latency.percentile_ms(0) >= 20, "no record counts before its commit"
    assert total.latency.percentile_ms(100) == pytest.approx(50 + 25, abs=40)
    assert sum(ledger.sent.values()) == total.sent


def test_a_transaction_that_is_not_filled_is_committed_all_the_same(tmp_path: Path) -> None:
    client = FakeTransactional()
    order = ordered(tmp_path, transaction_records=1000)
    frames, _ = run(client, order, rate_hz=100, seconds=4, kind=CommittingSender)
    assert client.committed >= 3
    assert merged(frames).latency.percentile_ms(100) < 1200


def test_a_transaction_that_must_be_aborted_has_no_acknowledged_record(tmp_path: Path) -> None:
    error = KafkaError(KafkaError._TIMED_OUT, "made up", False, False, True)
    client = FakeTransactional(error=error, broken=frozenset({2}))
    frames, ledger = run(
        client, ordered(tmp_path, transaction_records=50), rate_hz=1000, seconds=1, kind=CommittingSender
    )
    total = merged(frames)
    assert client.aborted == 1
    assert total.failed == 50
    assert total.errors == {"_TIMED_OUT": 50}
    assert total.acknowledged == total.sent - 50
    told = sum(last + 1 - first for runs in ledger.acknowledged.values() for first, last, _ in runs)
    assert told == total.acknowledged


def test_a_commit_that_may_be_repeated_is(tmp_path: Path) -> None:
    error = KafkaError(KafkaError._TIMED_OUT, "made up", False, True, False)
    client = FakeTransactional(error=error, broken=frozenset({2}))
    frames, _ = run(client, ordered(tmp_path, transaction_records=50), rate_hz=1000, seconds=1, kind=CommittingSender)
    assert (client.aborted, merged(frames).failed) == (0, 0)


def test_any_other_error_ends_the_engine(tmp_path: Path) -> None:
    client = FakeTransactional(
        error=KafkaError(KafkaError._FENCED, "made up", True, False, False), broken=frozenset({2})
    )
    with pytest.raises(KafkaException, match="_FENCED"):
        run(client, ordered(tmp_path, transaction_records=50), rate_hz=1000, seconds=1, kind=CommittingSender)
