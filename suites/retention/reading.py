"""A reader that starts where its group has committed, and says what happens to it first."""

from __future__ import annotations

from types import TracebackType

from confluent_kafka import OFFSET_STORED, TopicPartition

from harness.claims import expect_within
from harness.clients.handles import Consumer
from harness.clients.settings import plain_consumer

ANSWER_S = 20.0
"""For a client to connect, to learn its position, and to be given something or refused."""

Happening = int | str
"""The offset of a record, or the name of an event such as _PARTITION_EOF (it stands at the end of the log)."""


class StoredReader:
    """A context with a consumer of one partition; it continues at its group's committed offset and joins nobody."""

    def __init__(self, bootstrap: str, group: str, topic: str, *, reset: str) -> None:
        self._reset = reset
        self._consumer = Consumer(
            {**plain_consumer(bootstrap, group=group), "auto.offset.reset": reset, "enable.partition.eof": True}
        )
        self._consumer.assign([TopicPartition(topic, 0, OFFSET_STORED)])

    def __enter__(self) -> StoredReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def next(self) -> Happening:
        """Wait for the next record or event."""
        happened: list[Happening] = []

        def something() -> bool:
            for message in self._consumer.consume(1, 0.2):
                error, offset = message.error(), message.offset()
                happened.append(error.name() if error is not None else offset if offset is not None else "no offset")
            return bool(happened)

        expect_within(something, what=f"anything for a consumer with {self._reset}", budget_s=ANSWER_S, every_s=0)
        return happened[0]
