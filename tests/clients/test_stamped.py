"""The writer of retention's records, against the mock brokers of librdkafka: each is known, few are under way."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer

from harness.clients import stamped
from harness.clients.stamped import UNANSWERED, Entry, StampedWriter
from harness.runclock import RunClock
from tests.clients.fakes import TOPIC


class Counting(Producer):
    """A producer that knows how many records were under way at the most."""

    most = 0

    def produce(self, *arguments: Any, **options: Any) -> None:
        super().produce(*arguments, **options)
        Counting.most = max(Counting.most, len(self))


@pytest.fixture
def writer(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> StampedWriter:
    monkeypatch.setattr(stamped, "Producer", Counting)
    monkeypatch.setattr(Counting, "most", 0)
    return StampedWriter(bootstrap, clock=RunClock())


def test_every_record_is_known_by_its_place_and_its_moment(writer: StampedWriter) -> None:
    written = writer.write(TOPIC, [Entry(value=str(number), key="k", partition=number % 2) for number in range(6)])
    assert [(record.place, record.value) for record in written] == [
        (f"{TOPIC}-0", "0"),
        (f"{TOPIC}-0", "2"),
        (f"{TOPIC}-0", "4"),
        (f"{TOPIC}-1", "1"),
        (f"{TOPIC}-1", "3"),
        (f"{TOPIC}-1", "5"),
    ]
    assert all(record.sent_s <= record.acked_s for record in written)


def test_no_more_than_a_batch_is_under_way(writer: StampedWriter) -> None:
    """A thread of the library that has more to send than it may spins, and takes the CPU of the brokers."""
    assert len(writer.write(TOPIC, [Entry(value="x" * 1000) for _ in range(200)])) == 200
    assert Counting.most == UNANSWERED


def test_a_record_that_is_refused_is_an_error(writer: StampedWriter) -> None:
    with pytest.raises(KafkaException, match=r"(?i)partition"):
        writer.write(TOPIC, [Entry(value="x", partition=99)])
