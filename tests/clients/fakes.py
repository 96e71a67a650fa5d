"""Fakes of the Kafka clients: what they answer is written down beforehand, what they were asked is kept."""

from __future__ import annotations

import io
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from harness.clients.processes import Scene
from harness.journal import Journal
from harness.ops import Op, OpType
from harness.runclock import RunClock

TOPIC = "a-topic"
"""What the mock cluster has from the start."""

Callback = Callable[[object, Sequence[TopicPartition]], None]


class FakeMessage:
    """A record, or the end of a partition."""

    def __init__(self, key: str, offset: int, value: str | None) -> None:
        self._key, self._offset, self._value = key, offset, value

    def topic(self) -> str:
        return self._key.rsplit("-", 1)[0]

    def partition(self) -> int:
        return int(self._key.rsplit("-", 1)[1])

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes | None:
        return None if self._value is None else self._value.encode()

    def error(self) -> KafkaError | None:
        return KafkaError(KafkaError._PARTITION_EOF) if self._value is None else None


def record(key: str, offset: int, value: str) -> FakeMessage:
    """Make a record."""
    return FakeMessage(key, offset, value)


def end(key: str, offset: int) -> FakeMessage:
    """Make the news that there is nothing more."""
    return FakeMessage(key, offset, None)


class FakeConsumer:
    """Gives out the batches of `polls`, one for each call; an entry that is a function is called instead."""

    def __init__(self, polls: Iterable[list[FakeMessage] | Callable[[FakeConsumer], None]] = ()) -> None:
        self.polls = list(polls)
        self.asked: list[tuple[str, object]] = []
        self.commit_errors: list[KafkaError | None] = []
        self.callbacks: dict[str, Callback] = {}
        self._left = 1_000_000

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self.asked.append(("assign", [(one.topic, one.partition, one.offset) for one in partitions]))

    def subscribe(self, topics: list[str], **callbacks: Callback) -> None:
        self.asked.append(("subscribe", topics))
        self.callbacks = callbacks

    def consume(self, _: int, timeout: float) -> list[FakeMessage]:
        assert timeout > 0
        self._left -= 1
        assert self._left, "asked for ever"
        batch = self.polls.pop(0) if self.polls else []
        if isinstance(batch, list):
            return batch
        batch(self)
        return []

    def commit(self, *, offsets: Sequence[TopicPartition], asynchronous: bool) -> None:
        assert not asynchronous
        self.asked.append(("commit", [(one.topic, one.partition, one.offset) for one in offsets]))
        if self.commit_errors and (error := self.commit_errors.pop(0)):
            raise KafkaException(error)

    def seek(self, partition: TopicPartition) -> None:
        self.asked.append(("seek", (partition.topic, partition.partition, partition.offset)))

    def consumer_group_metadata(self) -> object:
        return "the member"

    def close(self) -> None:
        self.asked.append(("close", None))


def changed(callback: str, *keys: str) -> Callable[[FakeConsumer], None]:
    """Return a poll that brings another share instead of records."""
    places = [(key.rsplit("-", 1)[0], int(key.rsplit("-", 1)[1])) for key in keys]
    return lambda consumer: consumer.callbacks[callback](consumer, [TopicPartition(*place) for place in places])


class FakeProducer:
    """Answers each call with the next of its `errors`, and delivers every record to the next offset."""

    def __init__(self, **errors: Sequence[KafkaError | None]) -> None:
        self.errors = {call: list(waiting) for call, waiting in errors.items()}
        self.calls: list[str] = []
        self._offsets: dict[str, itertools.count[int]] = defaultdict(itertools.count)

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        waiting = self.errors.get(call, [])
        error = waiting.pop(0) if waiting else None
        if error is not None:
            raise KafkaException(error)

    def init_transactions(self, _: float) -> None:
        self._answer("init")

    def begin_transaction(self) -> None:
        self._answer("begin")

    def produce(self, topic: str, value: bytes, *, partition: int, on_delivery: Callable[..., None]) -> None:
        self._answer("produce")
        key = f"{topic}-{partition}"
        on_delivery(None, FakeMessage(key, next(self._offsets[key]), value.decode()))

    def send_offsets_to_transaction(self, positions: Sequence[TopicPartition], member: object, _: float) -> None:
        assert positions
        assert member
        self._answer("offsets")

    def flush(self, _: float) -> None:
        self._answer("flush")

    def commit_transaction(self, _: float) -> None:
        self._answer("commit")

    def abort_transaction(self, _: float) -> None:
        self._answer("abort")


class KeptJournal(Journal):
    """A journal whose operations can be looked at; its file is not needed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "history.jsonl", clock=RunClock())
        self._file.close()
        self._file = io.StringIO()  # type: ignore[assignment]
        self.ops: list[Op] = []

    def append(
        self, *, process: int | str, type: OpType, f: str, value: object, extra: Mapping[str, object] | None = None
    ) -> Op:
        op = super().append(process=process, type=type, f=f, value=value, extra=extra)
        self.ops.append(op)
        return op

    def told(self, f: str) -> list[tuple[str, int | str, object]]:
        """Return type, process and value of each line of a kind."""
        return [(op.type.value, op.process, op.value) for op in self.ops if op.f == f]


def scene(journal: Journal) -> Scene:
    """Make a scene without a cluster."""
    return Scene(bootstrap="nowhere:9", journal=journal, numbers=itertools.count())
