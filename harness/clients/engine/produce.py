"""The producer engine: `python -m harness.clients.engine.produce ORDER` sends on schedule and leaves a trace."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import KafkaError, Message, Producer

from harness.clients.engine.lifetime import Lifetime
from harness.clients.engine.orders import ProducerOrder
from harness.clients.engine.records import RecordPool, stamp_of
from harness.clients.settings import Settings, durable_producer
from harness.measuring.ledger import Marks, ProducerLedger, stream
from harness.measuring.meter import Meter
from harness.measuring.trace import TraceWriter
from harness.runclock import NS_PER_S

TICK_S = 0.002
"""The loop looks at the schedule at least this often; it bounds how late a healthy generator sends."""

MOST_QUEUED = 10_000_000
MOST_QUEUED_KBYTES = 2_097_151
"""The client's queue holds a whole load: a slow cluster makes records wait, it never makes the generator wait."""


def settings_of(order: ProducerOrder) -> Settings:
    """Return the settings of a durable producer that never refuses a record for lack of room."""
    return {
        **durable_producer(order.bootstrap),
        "client.id": order.name,
        "linger.ms": order.linger_ms,
        "queue.buffering.max.messages": MOST_QUEUED,
        "queue.buffering.max.kbytes": MOST_QUEUED_KBYTES,
    }


class PacedSender:
    """Sends each slot of a schedule when it is due, at once what it is late with, and never waits for an answer."""

    def __init__(
        self, order: ProducerOrder, *, client: Producer, meter: Meter, clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._order, self._client, self._meter, self._clock_ns = order, client, meter, clock_ns
        self._schedule = order.schedule
        self._pool = RecordPool(order.number, size=order.record_bytes)
        self._acknowledged = [Marks() for _ in range(order.partitions)]
        self._sent = 0

    def run(self, *, is_over: Callable[[], bool]) -> ProducerLedger:
        """Send until the schedule ends, wait for the answers, and return who was acknowledged."""
        while self._sent < self._schedule.total and not is_over():
            self._send_due(self._schedule.due_by(self._clock_ns()))
            self._client.poll(self._until_next_s())
            self._meter.roll(self._clock_ns())
        self._drain()
        self._meter.close()
        return self._ledger()

    def _ledger(self) -> ProducerLedger:
        streams = [stream(self._order.number, partition) for partition in range(self._order.partitions)]
        sent = [len(range(partition, self._sent, self._order.partitions)) for partition in range(len(streams))]
        acknowledged = [marks.runs() for marks in self._acknowledged]
        return ProducerLedger(
            sent=dict(zip(streams, sent, strict=True)), acknowledged=dict(zip(streams, acknowledged, strict=True))
        )

    def _until_next_s(self) -> float:
        """Return how long to poll: to the next slot, but a millisecond at least, or the loop would spin."""
        next_s = (self._schedule.intended_ns(self._sent) - self._clock_ns()) / NS_PER_S
        return min(TICK_S, max(0.001, next_s))

    def _send_due(self, due: int) -> None:
        for slot in range(self._sent, due):
            intended_ns = self._schedule.intended_ns(slot)
            sequence, partition = divmod(slot, self._order.partitions)
            self._client.produce(
                self._order.topic,
                self._pool.record(sequence, intended_ns=intended_ns),
                partition=partition,
                on_delivery=self._answered,
            )
            self._meter.sent(now_ns=self._clock_ns(), intended_ns=intended_ns)
            self._sent = slot + 1

    def _answered(self, error: KafkaError | None, message: Message) -> None:
        now_ns, value = self._clock_ns(), message.value() or b""
        stamp = stamp_of(value)
        if error is not None:
            self._meter.failed(now_ns=now_ns, intended_ns=stamp.intended_ns, error=error.name())
            return
        self._acknowledged[message.partition() or 0].mark(stamp.sequence)
        self._meter.acknowledged(now_ns=now_ns, intended_ns=stamp.intended_ns, size=len(value))

    def _drain(self) -> None:
        """Wait for every answer, then give the rest up: a purged record is answered, too, with how long it waited."""
        deadline_ns = self._clock_ns() + int(self._order.drain_s * NS_PER_S)
        while len(self._client) and self._clock_ns() < deadline_ns:
            self._client.poll(TICK_S)
            self._meter.roll(self._clock_ns())
        if len(self._client):
            self._client.purge()
            self._client.poll(TICK_S)
            self._client.flush(1)


def main(path: Path) -> None:
    """Run one producer as ordered."""
    order, lifetime = ProducerOrder.read(path), Lifetime()
    client = Producer(settings_of(order))
    client.list_topics(order.topic, timeout=5)  # so that the first record does not wait for the metadata
    with Path(order.trace).open("x", encoding="utf-8") as file:
        trace = TraceWriter(file)
        meter = Meter(order.name, started_ns=order.started_ns, sink=trace.frame, cpu_s=time.process_time)
        trace.ledger(PacedSender(order, client=client, meter=meter).run(is_over=lambda: lifetime.over))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
