"""The consumer engine without a cluster: it counts each record, notes disorder, and says when it missed the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from confluent_kafka import KafkaError, TopicPartition

from harness.clients.engine.consume import FollowingReader, Stream
from harness.clients.engine.orders import ConsumerOrder
from harness.clients.engine.records import RecordPool, stamps_of
from harness.measuring import pace
from harness.measuring.frames import Frame, merged
from harness.measuring.ledger import ConsumerLedger
from harness.measuring.meter import Meter
from harness.measuring.pace import Step
from harness.measuring.traffic import Traffic
from harness.runclock import NS_PER_S

POOL = RecordPool(7, size=64)


@dataclass(frozen=True)
class FakeMessage:
    """A record as a consumer is given it."""

    at: int
    place: int
    sequence: int | None

    def error(self) -> KafkaError | None:
        return KafkaError(KafkaError._PARTITION_EOF) if self.sequence is None else None

    def value(self) -> bytes:
        return POOL.values(np.array([self.sequence]), np.zeros(1, dtype=np.int64))[0]

    def partition(self) -> int:
        return self.at

    def offset(self) -> int:
        return self.place


@dataclass
class FakeConsumer:
    """A client that hands out what it has, five at a time, a millisecond for each poll."""

    messages: list[FakeMessage]
    ends: dict[int, int]
    now_ns: int = 0
    assigned: list[TopicPartition] = field(default_factory=list)
    is_paused: bool = False

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        assert {one.partition for one in partitions} == {one.partition for one in self.assigned}
        self.is_paused = True

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        assert {one.partition for one in partitions} == {one.partition for one in self.assigned}
        self.is_paused = False

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        self.assigned = list(partitions)

    def poll(self, _timeout_s: float) -> FakeMessage | None:
        self.now_ns += NS_PER_S // 1000
        return self.messages.pop(0) if self.messages and not self.is_paused else None

    def consume(self, _count: int, _timeout_s: float) -> list[FakeMessage]:
        batch, self.messages = self.messages[:4], self.messages[4:]
        return batch

    def get_watermark_offsets(self, partition: TopicPartition, *, timeout: float) -> tuple[int, int]:
        assert timeout > 0
        return 0, self.ends[partition.partition]


def read(
    sequences: list[int | None], *, end: int | None = None, folder: Path | None = None, over_ns: int = 0
) -> tuple[list[Frame], ConsumerLedger]:
    """Let an engine read one partition with these sequences; it is told to finish at once, or at a moment."""
    messages = [FakeMessage(0, offset, sequence) for offset, sequence in enumerate(sequences)]
    client = FakeConsumer(messages, {0: len(sequences) if end is None else end})
    order = ConsumerOrder(
        name="consumer-0",
        number=0,
        bootstrap="nowhere",
        topic="load",
        group="load-0",
        traffic=Traffic(partitions=1),
        partitions=(0,),
        started_ns=0,
        drain_s=2,
        trace="",
        folder=None if folder is None else str(folder),
    )
    frames: list[Frame] = []
    meter = Meter("consumer-0", started_ns=0, sink=frames.append, cpu_s=lambda: 0.0)
    reader = FollowingReader(
        order,
        client=client,  # type: ignore[arg-type]  # the fake has what the reader uses
        meter=meter,
        clock_ns=lambda: client.now_ns,
    )
    return frames, reader.run(is_over=lambda: client.now_ns >= over_ns)


def test_everything_is_read_once() -> None:
    frames, ledger = read(list(range(100)))
    assert ledger == ConsumerLedger(reads={"7/0": ((0, 99, 1),)}, disordered=0, reached_end=True, reading_s=0.02)
    assert merged(frames).consumed == merged(frames).end_to_end.count == 100


def test_nothing_is_read_while_the_pace_says_to_rest_and_then_all_of_it(tmp_path: Path) -> None:
    pace.append(tmp_path, Step(from_ns=0, rate_hz=0, reads=False))
    pace.append(tmp_path, Step(from_ns=2 * NS_PER_S, rate_hz=0))
    frames, ledger = read(list(range(100)), folder=tmp_path, over_ns=3 * NS_PER_S)
    assert ledger.reads == {"7/0": ((0, 99, 1),)}
    assert [frame.consumed for frame in frames] == [0, 0, 100, 0]


def test_one_who_is_told_to_finish_while_resting_reads_to_the_end(tmp_path: Path) -> None:
    pace.append(tmp_path, Step(from_ns=0, rate_hz=0, reads=False))
    _, ledger = read(list(range(100)), folder=tmp_path, over_ns=NS_PER_S)
    assert ledger.reached_end
    assert ledger.reads == {"7/0": ((0, 99, 1),)}


def test_a_record_that_comes_twice_is_seen() -> None:
    _, ledger = read([0, 1, 1, 2])
    assert ledger.reads == {"7/0": ((0, 0, 1), (1, 1, 2), (2, 2, 1))}


def test_a_record_that_comes_after_a_later_one_is_seen() -> None:
    _, ledger = read([0, 2, 1, 3])
    assert ledger.disordered == 1


def test_the_end_is_reached_although_the_last_offset_is_no_record() -> None:
    _, ledger = read([0, 1, None], end=2)
    assert ledger == ConsumerLedger(reads={"7/0": ((0, 1, 1),)}, disordered=0, reached_end=True, reading_s=0.001)
    _, ledger = read([0, 1], end=3)
    assert not ledger.reached_end


@pytest.mark.parametrize("split", [1, 3, 100])
def test_disorder_is_counted_alike_in_one_batch_and_over_several(split: int) -> None:
    sequences = np.array([0, 5, 1, 2, 5, 6, 3])
    stream = Stream()
    for first in range(0, len(sequences), split):
        stream.take(sequences[first : first + split])
    assert stream.disordered == 4  # 1, 2, the second 5 and 3 came after a later one, or again
    assert stream.marks.runs() == ((0, 3, 1), (5, 5, 2), (6, 6, 1))


def test_a_value_that_is_no_record_of_a_load_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than its stamp"):
        stamps_of([b"hello"])


def test_an_end_that_is_not_reached_in_time_is_said() -> None:
    _, ledger = read([0, 1], end=5)
    assert not ledger.reached_end
