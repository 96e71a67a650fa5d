"""The consumer engine: `python -m harness.clients.engine.consume ORDER` reads all it is given and leaves a trace."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from numpy.typing import NDArray

from harness.clients.engine.demand import FollowedPace
from harness.clients.engine.lifetime import Lifetime
from harness.clients.engine.orders import ConsumerOrder
from harness.clients.engine.records import stamps_of
from harness.clients.handles import Consumer
from harness.clients.settings import Settings, plain_consumer
from harness.measuring.ledger import ConsumerLedger, Marks, stream
from harness.measuring.meter import Meter
from harness.measuring.trace import TraceWriter
from harness.runclock import NS_PER_S

POLL_S = 0.02
BATCH = 2000
WATERMARK_TIMEOUT_S = 5
FETCH_AGAIN_MS = 5
"""How soon the client fetches again after its queue was full. Its default of a second is far longer than the queue
lasts: a reader that works off a backlog then waits for most of the time (measured: 0.35 of the peer's speed)."""


class Stream:
    """What was read of one stream: which sequences, and how many came after a later one."""

    def __init__(self) -> None:
        self.marks = Marks()
        self.disordered = 0
        self._last = -1

    def take(self, sequences: NDArray[np.int64]) -> None:
        """Take the next sequences in the order in which they were read."""
        highest_before = np.maximum.accumulate(np.concatenate(([self._last], sequences[:-1])))
        self.disordered += int((sequences <= highest_before).sum())
        self._last = max(int(highest_before[-1]), int(sequences[-1]))
        self.marks.mark_many(sequences)


class FollowingReader:
    """Reads its partitions as fast as records come, and counts each record of each producer."""

    def __init__(
        self, order: ConsumerOrder, *, client: Consumer, meter: Meter, clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._order, self._client, self._meter, self._clock_ns = order, client, meter, clock_ns
        self._streams: dict[tuple[int, int], Stream] = {}
        self._next = dict.fromkeys(order.partitions, 0)
        self._last_read_ns: int | None = None
        self._pace = FollowedPace(Path(order.folder)) if order.folder is not None else None
        self._rests = False

    def run(self, *, is_over: Callable[[], bool]) -> ConsumerLedger:
        """Follow until told to finish, read to the end of every partition, and return what was read."""
        assigned_ns = self._clock_ns()
        self._client.assign([TopicPartition(self._order.topic, index, 0) for index in self._order.partitions])
        while not is_over():
            now_ns = self._clock_ns()
            self._rest(is_wanted=self._pace is not None and not self._pace.at(now_ns).reads_at(now_ns))
            self._step()
        self._rest(is_wanted=False)
        reached = self._read_to_the_end()
        self._meter.close()
        return ConsumerLedger(
            reads={stream(*key): read.marks.runs() for key, read in self._streams.items()},
            disordered=sum(read.disordered for read in self._streams.values()),
            reached_end=reached,
            reading_s=((self._last_read_ns or assigned_ns) - assigned_ns) / NS_PER_S,
        )

    def _rest(self, *, is_wanted: bool) -> None:
        """Leave the records where they are, or go on where reading stopped; the client goes on talking meanwhile."""
        if is_wanted is self._rests:
            return
        mine = [TopicPartition(self._order.topic, index) for index in self._order.partitions]
        (self._client.pause if is_wanted else self._client.resume)(mine)
        self._rests = is_wanted

    def _step(self) -> None:
        """Take what there is: `poll` returns with the first record, where `consume` would wait for a full batch."""
        first = self._client.poll(POLL_S)
        if first is not None:
            self._take((first, *self._client.consume(BATCH, 0)))
        self._meter.roll(self._clock_ns())

    def _take(self, messages: Sequence[Message]) -> None:
        now = self._clock_ns()
        values: dict[int, list[bytes]] = {}
        for message in messages:
            error, partition, offset = message.error(), message.partition() or 0, message.offset() or 0
            if error is None:
                values.setdefault(partition, []).append(message.value() or b"")
                self._next[partition] = offset + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                self._next[partition] = offset  # what lies before it is no record: a marker, or aborted
            elif error.fatal():
                raise KafkaException(error)
        moments = [self._count(partition, read) for partition, read in values.items()]
        if moments:
            self._last_read_ns = now
            size = sum(len(value) for read in values.values() for value in read)
            self._meter.consumed(now_ns=now, intended_ns=np.concatenate(moments), size=size)

    def _count(self, partition: int, values: list[bytes]) -> NDArray[np.int64]:
        """Mark what was read of one partition, and return when it was due."""
        stamps = stamps_of(values)
        for producer in np.unique(stamps["producer"]):
            key = int(producer), partition
            mine = stamps["sequence"][stamps["producer"] == producer].astype(np.int64)
            self._streams.setdefault(key, Stream()).take(mine)
        return np.asarray(stamps["intended_ns"], dtype=np.int64)

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


def settings_of(order: ConsumerOrder) -> Settings:
    """Return the settings of the client that an order asks for."""
    return {
        **plain_consumer(order.bootstrap, group=order.group),
        "client.id": order.name,
        "fetch.queue.backoff.ms": FETCH_AGAIN_MS,
        "enable.partition.eof": True,
    }


def main(path: Path) -> None:
    """Run one consumer as ordered."""
    order, lifetime = ConsumerOrder.read(path), Lifetime()
    client = Consumer(settings_of(order))
    try:
        with Path(order.trace).open("x", encoding="utf-8") as file:
            trace = TraceWriter(file)
            meter = Meter(order.name, started_ns=order.started_ns, sink=trace.frame, cpu_s=time.process_time)
            reader = FollowingReader(order, client=client, meter=meter, clock_ns=order.clock_ns)
            trace.ledger(reader.run(is_over=lambda: lifetime.over))
    finally:
        client.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
