"""A paced producer whose library gives up a broker or a topic is left behind, and a new client goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from harness.clients import producer
from harness.clients.producer import Pace, PacedProducer
from harness.runclock import RunClock
from harness.waiting import wait_until
from tests.clients.fakes import KeptJournal, scene


class FakeClient:
    """Acknowledges every record at the next poll; the first of them gives up a broker at its third record."""

    made: list[FakeClient]
    refuses: bool

    def __init__(self, _: object) -> None:
        self.made.append(self)
        self._pending: list[Callable[[KafkaError | None, Any], None]] = []
        self._sent = 0

    def produce(self, topic: str, value: bytes, *, partition: int, on_delivery: Callable[..., None]) -> None:
        assert topic == "orders"
        assert value
        assert partition == 0
        if self.refuses and self is self.made[0] and self._sent > 2:
            raise KafkaException(KafkaError(KafkaError._UNKNOWN_PARTITION))
        self._pending.append(on_delivery)

    def poll(self, timeout_s: float) -> None:
        assert timeout_s > 0
        for delivered in self._pending:
            self._sent += 1
            if not self.refuses and self is self.made[0] and self._sent > 2:
                delivered(KafkaError(KafkaError._DESTROY), Message())
            else:
                delivered(None, Message())
        self._pending = []

    def __len__(self) -> int:
        return len(self._pending)


class Message:
    """A record that landed somewhere."""

    def offset(self) -> int:
        return 7


@pytest.mark.parametrize("refuses", [False, True])
def test_a_client_that_gives_up_a_broker_or_a_topic_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    FakeClient.made, FakeClient.refuses = [], refuses
    monkeypatch.setattr(producer, "REPLACED_AFTER_S", 0.02)
    monkeypatch.setattr(producer, "Producer", FakeClient)
    journal = KeptJournal(tmp_path)
    pace = Pace(topic="orders", partitions=1, rate_per_partition_hz=500)
    paced = PacedProducer(scene=scene(journal), pace=pace, settings={}, clock=RunClock())
    paced.start()
    wait_until(lambda: paced.acknowledged["orders-0"] >= 5, what="five records", timeout_s=10, every_s=0.01)
    paced.stop()
    assert paced.crash is None
    assert len(FakeClient.made) == 2
    ends = [(op.process, op.type.value) for op in journal.ops if op.type.value != "invoke"]
    assert ends[:2] == [(0, "ok"), (0, "ok")]
    assert (0, "info") in ends
    assert ends[-1] == (1, "ok")
