"""The producer engine without a cluster: it keeps its schedule, and a stall is not forgiven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from confluent_kafka import KafkaError

from harness.clients.engine.orders import ProducerOrder
from harness.clients.engine.produce import PacedSender
from harness.measuring.frames import Frame, merged
from harness.measuring.ledger import ProducerLedger
from harness.measuring.meter import Meter
from harness.runclock import NS_PER_S

MS = 1_000_000
RATE = 1000
DURATION_S = 6
ROUND_TRIP_NS = 5 * MS

Report = Callable[[KafkaError | None, "FakeMessage"], None]


@dataclass(frozen=True)
class FakeMessage:
    """What a delivery report shows of a record."""

    body: bytes
    at: int

    def value(self) -> bytes:
        return self.body

    def partition(self) -> int:
        return self.at


@dataclass
class FakeProducer:
    """A client on a clock of its own: polling takes time, answers come a round trip after sending.

    From `stalls_ns` to `wakes_ns` no broker answers; a record that is sent at `blocks_at_ns` blocks its sender.
    """

    now_ns: int = 0
    stalls_ns: int = 0
    wakes_ns: int = 0
    blocks_at_ns: int | None = None
    block_ns: int = 0
    waiting: list[tuple[int, FakeMessage, Report]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.waiting)

    def produce(self, _topic: str, value: bytes, *, partition: int, on_delivery: Report) -> None:
        if self.blocks_at_ns is not None and self.now_ns >= self.blocks_at_ns:
            self.blocks_at_ns, self.now_ns = None, self.now_ns + self.block_ns
        answer_ns = self.now_ns + ROUND_TRIP_NS
        if self.stalls_ns <= answer_ns < self.wakes_ns:
            answer_ns = self.wakes_ns
        self.waiting.append((answer_ns, FakeMessage(value, partition), on_delivery))

    def poll(self, timeout_s: float) -> int:
        self.now_ns += int(timeout_s * NS_PER_S)
        answered = [entry for entry in self.waiting if entry[0] <= self.now_ns]
        self.waiting = [entry for entry in self.waiting if entry[0] > self.now_ns]
        for _, message, report in answered:
            report(None, message)
        return len(answered)

    def purge(self) -> None:
        error = KafkaError(KafkaError._PURGE_QUEUE)
        given_up, self.waiting = self.waiting, []
        for _, message, report in given_up:
            report(error, message)

    def flush(self, _timeout_s: float) -> int:
        return len(self.waiting)


def ordered(**changes: float) -> ProducerOrder:
    """Return an order of 1,000 records per second for 6 s."""
    return ProducerOrder(
        name="producer-0",
        number=0,
        bootstrap="nowhere",
        topic="load",
        partitions=4,
        record_bytes=64,
        linger_ms=5,
        rate_hz=RATE,
        started_ns=0,
        duration_s=DURATION_S,
        trace="",
        **{"drain_s": 5.0, **changes},
    )


def run(client: FakeProducer, **changes: float) -> tuple[list[Frame], ProducerLedger]:
    frames: list[Frame] = []
    meter = Meter("producer-0", started_ns=0, sink=frames.append, cpu_s=lambda: 0.0)
    sender = PacedSender(
        ordered(**changes),
        client=client,  # type: ignore[arg-type]  # the fake has what the sender uses
        meter=meter,
        clock_ns=lambda: client.now_ns,
    )
    return frames, sender.run(is_over=lambda: False)


def test_the_schedule_is_kept() -> None:
    frames, ledger = run(FakeProducer())
    assert [frame.sent for frame in frames[:DURATION_S]] == pytest.approx([RATE] * DURATION_S, abs=3)
    assert merged(frames).lateness.percentile_ms(100) <= 2.1
    assert sum(ledger.sent.values()) == RATE * DURATION_S
    assert ledger.acknowledged == dict.fromkeys(ledger.sent, ((0, 1499, 1),))


def test_a_broker_that_stalls_for_two_seconds_shows_in_two_thousand_records() -> None:
    frames, _ = run(FakeProducer(stalls_ns=2 * NS_PER_S, wakes_ns=4 * NS_PER_S))
    total = merged(frames)
    for limit_ms in (100, 500, 1000, 1500):
        assert total.latency.count_above_ms(limit_ms) == pytest.approx((2000 - limit_ms) * RATE / 1000, rel=0.03)
    assert total.latency.count == RATE * DURATION_S
    assert total.lateness.percentile_ms(100) <= 2.1, "a slow broker must not make the generator late"


def test_a_generator_that_stalls_shows_in_lateness_and_in_latency() -> None:
    frames, ledger = run(FakeProducer(blocks_at_ns=2 * NS_PER_S, block_ns=2 * NS_PER_S))
    total = merged(frames)
    for limit_ms in (100, 500, 1000):
        late = (2000 - limit_ms) * RATE / 1000
        assert total.lateness.count_above_ms(limit_ms) == pytest.approx(late, rel=0.03)
        assert total.latency.count_above_ms(limit_ms) == pytest.approx(late, rel=0.03)
    assert sum(ledger.sent.values()) == RATE * DURATION_S, "what is late is made up for"


def test_a_record_without_an_answer_stays_in_with_how_long_it_was_waited_for() -> None:
    frames, ledger = run(FakeProducer(stalls_ns=5 * NS_PER_S, wakes_ns=10**15), drain_s=3.0)
    total = merged(frames)
    assert total.failed == pytest.approx(RATE, rel=0.03)
    assert total.errors == {"_PURGE_QUEUE": total.failed}
    assert total.acknowledged + total.failed == total.latency.count == RATE * DURATION_S
    assert total.latency.count_above_ms(2900) == total.failed
    assert sum(last + 1 - first for runs in ledger.acknowledged.values() for first, last, _ in runs) == (
        total.acknowledged
    )


def test_it_stops_when_it_is_told() -> None:
    client = FakeProducer()
    meter = Meter("producer-0", started_ns=0, sink=lambda _: None, cpu_s=lambda: 0.0)
    sender = PacedSender(
        ordered(),
        client=client,  # type: ignore[arg-type]
        meter=meter,
        clock_ns=lambda: client.now_ns,
    )
    ledger = sender.run(is_over=lambda: client.now_ns >= NS_PER_S)
    assert sum(ledger.sent.values()) == pytest.approx(RATE, abs=5)
