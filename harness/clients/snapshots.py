"""Snapshots: one partition, read whole again and again, by a client that joins no group."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType

from confluent_kafka import KafkaException, TopicPartition

from harness.checkers.compaction import Snapshot
from harness.clients.handles import Consumer
from harness.clients.settings import plain_consumer
from harness.runclock import RunClock
from harness.waiting import TimedOut, wait_until

EVERY_S = 0.3
READ_TIMEOUT_S = 10


class Snapshots:
    """A context in which one partition is read from its start to its end, several times a second.

    A read that does not reach the end leaves no snapshot: what was not read is not gone.
    """

    def __init__(self, bootstrap: str, topic: str, *, partition: int, clock: RunClock) -> None:
        self.crash: BaseException | None = None
        self._clock, self._topic, self._partition = clock, topic, partition
        self._consumer = Consumer({**plain_consumer(bootstrap, group=f"snapshots-of-{topic}"), "fetch.wait.max.ms": 20})
        self._snapshots: list[Snapshot] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._guarded_run, name=f"snapshots-{topic}", daemon=True)

    @property
    def taken(self) -> Sequence[Snapshot]:
        return tuple(self._snapshots)

    def __enter__(self) -> Snapshots:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=2 * READ_TIMEOUT_S)
        self._consumer.close()

    def _guarded_run(self) -> None:
        try:
            while not self._stop.wait(EVERY_S):
                self._take()
        except BaseException as error:  # a dead thread must not look like a quiet topic
            self.crash = error

    def _take(self) -> None:
        place = TopicPartition(self._topic, self._partition)
        began_s = self._clock.now_s()
        found: set[int] = set()
        try:
            low, end = self._consumer.get_watermark_offsets(place, timeout=READ_TIMEOUT_S)
            self._consumer.assign([TopicPartition(self._topic, self._partition, low)])

            def reached_the_end() -> bool:
                for message in self._consumer.consume(500, 0.05):
                    offset, error = message.offset(), message.error()
                    if error is not None or offset is None:
                        raise KafkaException(error)
                    found.add(offset)
                (position,) = self._consumer.position([place])
                return low == end or int(position.offset) >= end

            wait_until(reached_the_end, what=f"reading {self._topic}", timeout_s=READ_TIMEOUT_S, every_s=0)
        except (KafkaException, TimedOut):
            return
        self._snapshots.append(Snapshot(began_s=began_s, ended_s=self._clock.now_s(), offsets=frozenset(found)))
