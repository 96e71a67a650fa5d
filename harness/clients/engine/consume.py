"""The consumer engine: `python -m harness.clients.engine.consume ORDER` reads all it is given and leaves a trace."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from harness.clients.engine.lifetime import Lifetime
from harness.clients.engine.orders import ConsumerOrder
from harness.clients.engine.records import stamp_of
from harness.clients.settings import plain_consumer
from harness.measuring.ledger import ConsumerLedger, Marks, stream
from harness.measuring.meter import Meter
from harness.measuring.trace import TraceWriter
from harness.runclock import NS_PER_S

POLL_S = 0.02
BATCH = 1000
WATERMARK_TIMEOUT_S = 5


class FollowingReader:
    """Reads its partitions as fast as records come, and counts each record of each producer."""

    def __init__(
        self,
        order: ConsumerOrder,
        *,
        client: Consumer,
        meter: Meter,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._order, self._client, self._meter, self._clock_ns = order, client, meter, clock_ns
        self._reads: dict[tuple[int, int], Marks] = {}
        self._last: dict[tuple[int, int], int] = {}
        self._next = dict.fromkeys(order.partitions, 0)
        self._disordered = 0

    def run(self, *, is_over: Callable[[], bool]) -> ConsumerLedger:
        """Follow until told to finish, read to the end of every partition, and return what was read."""
        self._client.assign([TopicPartition(self._order.topic, index, 0) for index in self._order.partitions])
        while not is_over():
            self._step()
        reached = self._read_to_the_end()
        self._meter.close()
        return ConsumerLedger(
            reads={stream(*key): marks.runs() for key, marks in self._reads.items()},
            disordered=self._disordered,
            reached_end=reached,
        )

    def _step(self) -> None:
        """Take what there is: `poll` returns with the first record, where `consume` would wait for a full batch."""
        first = self._client.poll(POLL_S)
        if first is not None:
            self._take((first, *self._client.consume(BATCH, 0)))
        self._meter.roll(self._clock_ns())

    def _take(self, messages: Iterable[Message]) -> None:
        now_ns = self._clock_ns()
        for message in messages:
            error, value = message.error(), message.value()
            if error is not None:
                if error.fatal():
                    raise KafkaException(error)
                continue
            self._count(message.partition() or 0, message.offset() or 0, value or b"", now_ns)

    def _count(self, partition: int, offset: int, value: bytes, now_ns: int) -> None:
        stamp = stamp_of(value)
        key = stamp.producer, partition
        if key not in self._reads:
            self._reads[key], self._last[key] = Marks(), -1
        self._reads[key].mark(stamp.sequence)
        self._disordered += stamp.sequence <= self._last[key]
        self._last[key] = stamp.sequence
        self._next[partition] = offset + 1
        self._meter.consumed(now_ns=now_ns, intended_ns=stamp.intended_ns, size=len(value))

    def _read_to_the_end(self) -> bool:
        """Read to the present end of each partition; say whether that was reached in time."""
        deadline_ns = self._clock_ns() + int(self._order.drain_s * NS_PER_S)
        ends = {index: self._end(index) for index in self._order.partitions}
        while any(end is None or self._next[index] < end for index, end in ends.items()):
            if self._clock_ns() >= deadline_ns:
                return False
            ends.update({index: self._end(index) for index, end in ends.items() if end is None})
            self._step()
        return True

    def _end(self, index: int) -> int | None:
        partition = TopicPartition(self._order.topic, index)
        try:
            _, high = self._client.get_watermark_offsets(partition, timeout=WATERMARK_TIMEOUT_S)
        except KafkaException:
            return None
        return int(high)


def main(path: Path) -> None:
    """Run one consumer as ordered."""
    order, lifetime = ConsumerOrder.read(path), Lifetime()
    client = Consumer({**plain_consumer(order.bootstrap, group=f"{order.topic}-load"), "client.id": order.name})
    try:
        with Path(order.trace).open("x", encoding="utf-8") as file:
            trace = TraceWriter(file)
            meter = Meter(order.name, started_ns=order.started_ns, sink=trace.frame, cpu_s=time.process_time)
            trace.ledger(FollowingReader(order, client=client, meter=meter).run(is_over=lambda: lifetime.over))
    finally:
        client.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
