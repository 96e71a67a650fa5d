"""A producer client on a clock of its own, for the engine's loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError

from harness.clients.engine.demand import Demand, PaceFollower
from harness.clients.engine.orders import ProducerOrder
from harness.clients.engine.sender import Sender
from harness.measuring import pace
from harness.measuring.frames import Frame
from harness.measuring.ledger import ProducerLedger
from harness.measuring.meter import Meter
from harness.measuring.pace import Step
from harness.measuring.traffic import Records, Sending, Traffic
from harness.runclock import NS_PER_S

MS = 1_000_000
ROUND_TRIP_NS = 5 * MS
Report = Callable[[KafkaError | None, "FakeMessage"], None]


@dataclass(frozen=True)
class FakeMessage:
    """What a delivery report shows of a record."""

    body: bytes

    def value(self) -> bytes:
        return self.body


@dataclass
class FakeProducer:
    """A client whose polling takes time and whose answers come a round trip after sending.

    From `stalls_ns` to `wakes_ns` no broker answers; sending at `blocks_at_ns` blocks the sender; every record beyond
    `room` is refused by the client itself.
    """

    now_ns: int = 0
    stalls_ns: int = 0
    wakes_ns: int = 0
    blocks_at_ns: int | None = None
    block_ns: int = 0
    room: int = 10**9
    waiting: list[tuple[int, FakeMessage, Report]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    partitions: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.waiting)

    def produce_batch(self, _topic: str, batch: list[dict[str, Any]], partition: int, on_delivery: Report) -> int:
        taken = batch[: self.room - len(self.waiting)]
        for message in batch[len(taken) :]:
            message["_error"] = KafkaError(KafkaError._QUEUE_FULL)
        for message in taken:
            self._take(message, partition, on_delivery)
        return len(taken)

    def produce(  # the client's own parameters, in its own order
        self, _topic: str, value: bytes, key: bytes | None, partition: int, on_delivery: Report, *, headers: Any
    ) -> None:
        self._take({"value": value, "key": key, "headers": headers}, partition, on_delivery)

    def _take(self, message: dict[str, Any], partition: int, on_delivery: Report) -> None:
        if self.blocks_at_ns is not None and self.now_ns >= self.blocks_at_ns:
            self.blocks_at_ns, self.now_ns = None, self.now_ns + self.block_ns
        answer_ns = self.now_ns + ROUND_TRIP_NS
        if self.stalls_ns <= answer_ns < self.wakes_ns:
            answer_ns = self.wakes_ns
        self.seen.append(message)
        self.partitions.append(partition)
        self.waiting.append((answer_ns, FakeMessage(message["value"]), on_delivery))

    def poll(self, timeout_s: float) -> int:
        self.now_ns += max(int(timeout_s * NS_PER_S), MS // 10)
        answered = [entry for entry in self.waiting if entry[0] <= self.now_ns]
        self.waiting = [entry for entry in self.waiting if entry[0] > self.now_ns]
        for _, message, report in answered:
            report(None, message)
        return len(answered)

    def purge(self) -> None:
        given_up, self.waiting = self.waiting, []
        for _, message, report in given_up:
            report(KafkaError(KafkaError._PURGE_QUEUE), message)

    def flush(self, _timeout_s: float) -> int:
        if self.waiting:
            self.now_ns = max(self.now_ns, max(answer_ns for answer_ns, _, _ in self.waiting))
            self.poll(0)
        return len(self.waiting)


def ordered(folder: Path, *, drain_s: float = 5.0, records: Records | None = None, **sending: Any) -> ProducerOrder:
    """Return an order for four partitions of small records."""
    traffic = Traffic(partitions=4, records=records or Records(value_bytes=64), sending=Sending(**sending))
    return ProducerOrder(
        name="producer-0",
        number=0,
        producers=1,
        bootstrap="nowhere",
        topic="load",
        traffic=traffic,
        folder=str(folder),
        started_ns=0,
        drain_s=drain_s,
        trace="",
    )


def run(
    client: FakeProducer,
    order: ProducerOrder,
    *,
    rate_hz: float,
    seconds: float,
    kind: type[Sender] = Sender,
    demand: Demand | None = None,
) -> tuple[list[Frame], ProducerLedger]:
    """Let a sender follow a steady pace for some seconds of the client's clock."""
    frames: list[Frame] = []
    pace.append(Path(order.folder), Step(from_ns=0, rate_hz=rate_hz))
    pace.append(Path(order.folder), Step(from_ns=int(seconds * NS_PER_S), rate_hz=0))
    sender = kind(
        order,
        client=client,  # type: ignore[arg-type]  # the fake has what the sender uses
        meter=Meter("producer-0", started_ns=0, sink=frames.append, cpu_s=lambda: 0.0),
        demand=demand or PaceFollower(Path(order.folder), producers=1),
        clock_ns=lambda: client.now_ns,
    )
    return frames, sender.run(is_over=lambda: client.now_ns >= seconds * NS_PER_S)
