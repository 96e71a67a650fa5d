"""The sender: a producer's loop, which sends what is due and never waits for an answer, and its ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from confluent_kafka import KafkaError, Message
from numpy.typing import NDArray

from harness.clients.engine.demand import MOST, TICK_S, Demand
from harness.clients.engine.keys import KeyChooser
from harness.clients.engine.orders import ProducerOrder
from harness.clients.engine.records import RecordPool, stamps_of
from harness.clients.handles import Producer
from harness.measuring.ledger import Marks, ProducerLedger, stream
from harness.measuring.meter import Meter
from harness.runclock import NS_PER_S

FLUSH_S = 1


@dataclass
class Answers:
    """What came back for one partition since it was last looked at: values, because a value holds its own stamp."""

    values: list[bytes] = field(default_factory=list)
    failures: dict[str, list[bytes]] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    unmarked: list[NDArray[np.int64]] = field(default_factory=list)

    def report(self) -> Callable[[KafkaError | None, Message], None]:
        """Return what the client calls for each record; it is called a hundred thousand times a second."""
        keep = self.values.append

        def answered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                keep(message.value())  # type: ignore[arg-type]  # a record of a load has a value
            else:
                self.fail(error.name(), message.value() or b"")

        return answered

    def fail(self, error: str, value: bytes) -> None:
        self.failures.setdefault(error, []).append(value)

    def settle(self) -> Marks:
        """Write down which sequences were acknowledged; many at once, as each writing costs the same."""
        if self.unmarked:
            self.marks.mark_many(np.concatenate(self.unmarked))
            self.unmarked.clear()
        return self.marks


class Sender:
    """Sends what is demanded, at once what it is late with, and never waits for an answer."""

    def __init__(
        self,
        order: ProducerOrder,
        *,
        client: Producer,
        meter: Meter,
        demand: Demand,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        traffic = order.traffic
        self._order, self._client, self._meter, self._demand, self._clock_ns = order, client, meter, demand, clock_ns
        self._chooser = KeyChooser(traffic.records.keys, partitions=traffic.partitions, seed=order.number)
        records = traffic.records
        self._pool = RecordPool(order.number, size=records.value_bytes, random_ratio=records.random_ratio)
        body = bytes(records.header_bytes)
        self._headers: list[tuple[str, str | bytes | None]] = [(f"h{n}", body) for n in range(records.headers)]
        self._answers = [Answers() for _ in range(traffic.partitions)]
        self._reports = [answers.report() for answers in self._answers]
        self._sent_to = np.zeros(traffic.partitions, dtype=np.int64)
        self._sent = 0
        self._settled_ns = 0

    def run(self, *, is_over: Callable[[], bool]) -> ProducerLedger:
        """Send until told to finish, wait for the answers, and return who was acknowledged."""
        while not is_over():
            self._turn()
        self._drain()
        self._meter.close()
        return self._ledger()

    def _turn(self) -> None:
        now = self._clock_ns()
        due = self._demand.due(now, sent=self._sent, unanswered=len(self._client))
        if len(due):
            self._send(due)
        wait_s = 0.0 if len(due) == MOST else self._demand.wait_s(self._clock_ns(), sent=self._sent)
        self._poll(wait_s)

    def _send(self, intended_ns: NDArray[np.int64]) -> None:
        drawn = self._chooser.draw(len(intended_ns))
        for partition in np.unique(drawn.partitions):
            chosen = np.flatnonzero(drawn.partitions == partition)
            first = self._sent_to[partition]
            values = self._pool.values(np.arange(first, first + len(chosen)), intended_ns[chosen])
            self._sent_to[partition] += len(chosen)
            keys = None if drawn.keys is None else [drawn.keys[index] for index in chosen]
            self._hand_over(int(partition), values, keys)
        self._sent += len(intended_ns)
        self._meter.sent(now_ns=self._clock_ns(), intended_ns=intended_ns)

    def _hand_over(self, partition: int, values: list[bytes], keys: list[bytes] | None) -> None:
        topic, report = self._order.topic, self._reports[partition]
        if self._headers:
            for number, value in enumerate(values):
                key = keys[number] if keys else None
                self._client.produce(topic, value, key, partition, report, headers=self._headers)
            return
        batch: list[dict[str, object]] = (
            [{"value": value} for value in values]
            if keys is None
            else [{"value": value, "key": key} for value, key in zip(values, keys, strict=True)]
        )
        if self._client.produce_batch(topic, batch, partition, report) < len(batch):
            for message in batch:
                if "_error" in message:  # it was refused by the client itself, and nobody will report it
                    self._answers[partition].fail(_name(message["_error"]), message["value"])  # type: ignore[arg-type]

    def _poll(self, timeout_s: float) -> None:
        """Take the answers that have come, and time them."""
        self._client.poll(timeout_s)
        now = self._clock_ns()
        self._account(now)
        if now - self._settled_ns >= NS_PER_S:
            self._settled_ns = now
            for answers in self._answers:
                answers.settle()
        self._meter.roll(now)

    def _account(self, now: int) -> None:
        """Count what was answered."""
        moments: list[NDArray[np.int64]] = []
        size = 0
        for answers in self._answers:
            if answers.values:
                stamps = stamps_of(answers.values)
                size += sum(map(len, answers.values))
                answers.values.clear()
                answers.unmarked.append(stamps["sequence"].astype(np.int64))
                moments.append(stamps["intended_ns"].astype(np.int64))
            if answers.failures:
                self._count_failures(answers, now)
        if moments:
            self._meter.acknowledged(now_ns=now, intended_ns=np.concatenate(moments), size=size)

    def _count_failures(self, answers: Answers, now: int) -> None:
        for error, values in answers.failures.items():
            self._meter.failed(now_ns=now, intended_ns=stamps_of(values)["intended_ns"].astype(np.int64), error=error)
        answers.failures.clear()

    def _drain(self) -> None:
        """Wait for every answer, then give the rest up: a purged record is answered, too, with how long it waited."""
        deadline_ns = self._clock_ns() + int(self._order.drain_s * NS_PER_S)
        while len(self._client) and self._clock_ns() < deadline_ns:
            self._poll(TICK_S)
        if len(self._client):
            self._client.purge()
            self._poll(TICK_S)
            self._client.flush(FLUSH_S)
        self._account(self._clock_ns())

    def _ledger(self) -> ProducerLedger:
        names = [stream(self._order.number, partition) for partition in range(len(self._answers))]
        runs = [answers.settle().runs() for answers in self._answers]
        return ProducerLedger(
            sent=dict(zip(names, map(int, self._sent_to), strict=True)),
            acknowledged=dict(zip(names, runs, strict=True)),
        )


def _name(error: object) -> str:
    return error.name() if isinstance(error, KafkaError) else str(error)
