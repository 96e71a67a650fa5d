"""A paced producer whose library gives up a broker is left behind, and a new client with a new number goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError

from harness.clients import producer
from harness.clients.producer import Pace, PacedProducer
from harness.runclock import RunClock
from harness.waiting import wait_until
from tests.clients.fakes import KeptJournal, scene


class FakeClient:
    """Acknowledges every record at the next poll; the first of them gives up a broker at its third record."""

    made: list[FakeClient]

    def __init__(self, _: object) -> None:
        self.made.append(self)
        self._pending: list[Callable[[KafkaError | None, Any], None]] = []
        self._sent = 0

    def produce(self, topic: str, value: bytes, *, partition: int, on_delivery: Callable[..., None]) -> None:
        assert topic == "orders"
        assert value
        assert partition == 0
        self._pending.append(on_delivery)

    def poll(self, timeout_s: float) -> None:
        assert timeout_s > 0
        for delivered in self._pending:
            self._sent += 1
            if self is self.made[0] and self._sent > 2:
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


def test_a_client_that_gives_up_a_broker_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeClient.made = []
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
    assert {process for process, _ in ends[ends.index((0, "info")) + 1 :]} <= {0, 1}
    assert ends[-1] == (1, "ok")
