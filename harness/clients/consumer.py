"""Consumers: one that follows every partition while things happen, and the final read after all is healed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from harness.clients.handles import Consumer
from harness.clients.places import key_of, keys_of, place
from harness.clients.processes import Process
from harness.clients.settings import Isolation, plain_consumer
from harness.clients.watermarks import watermarks
from harness.journal import Journal
from harness.ops import OpType
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

Records = dict[str, list[tuple[int, str]]]
"""What a poll brought: for each key, pairs of offset and value, in the order in which they came."""

FINAL = "final"
FINAL_UNCOMMITTED = "final-uncommitted"


def records_in(messages: Iterable[Message]) -> Records:
    """Return the records of a poll; an error that the client does not get over is raised."""
    records: Records = defaultdict(list)
    for message in messages:
        error = message.error()
        if error is None:
            records[_key(message)].append((message.offset() or 0, (message.value() or b"").decode()))
        elif error.fatal():
            raise KafkaException(error)
    return dict(records)


def ends_in(messages: Iterable[Message]) -> dict[str, int]:
    """Return the keys of which a poll reached the end, with the offset where that is."""
    return {
        _key(message): message.offset() or 0
        for message in messages
        if (error := message.error()) is not None and error.code() == KafkaError._PARTITION_EOF
    }


def _key(message: Message) -> str:
    return key_of(message.topic() or "", message.partition() or 0)


def _extra(isolation: Isolation) -> dict[str, object]:
    return {} if isolation is Isolation.COMMITTED else {"isolation": isolation.value}


def _from_the_start(topics: Mapping[str, int]) -> list[TopicPartition]:
    return [TopicPartition(*place(key), 0) for key in keys_of(topics)]


class FollowingConsumer(Process):
    """One client process that is assigned all partitions from offset 0 and journals what it is given."""

    def __init__(
        self,
        process: int,
        *,
        topics: Mapping[str, int],
        bootstrap: str,
        journal: Journal,
        isolation: Isolation = Isolation.COMMITTED,
    ) -> None:
        super().__init__(f"consumer-{process}")
        self.process = process
        self._topics, self._journal, self._isolation = topics, journal, isolation
        self._consumer = Consumer(plain_consumer(bootstrap, group=f"reader-{process}", isolation=isolation))

    def stop(self) -> None:
        super().stop()
        self._consumer.close()

    def _run(self) -> None:
        self._journal.append(process=self.process, type=OpType.OK, f="assign", value=list(keys_of(self._topics)))
        self._consumer.assign(_from_the_start(self._topics))
        while not self._stopping.is_set():
            records = records_in(self._consumer.consume(200, 0.1))
            if records:
                value = [["poll", records]]
                extra = _extra(self._isolation)
                self._journal.append(process=self.process, type=OpType.OK, f="poll", value=value, extra=extra)


def read_everything(
    *,
    topics: Mapping[str, int],
    bootstrap: str,
    journal: Journal,
    isolation: Isolation = Isolation.COMMITTED,
    timeout_s: float = 60,
) -> None:
    """Read every partition from its first offset to its high watermark, into the journal, as a process of its own.

    The end is that of the log, also for a reader of what is committed: one that does not get there in time, because a
    transaction is still open, raises Inconclusive. What was not read is not lost.
    """
    process = FINAL if isolation is Isolation.COMMITTED else FINAL_UNCOMMITTED
    settings = plain_consumer(bootstrap, group=process, isolation=isolation)
    consumer = Consumer({**settings, "enable.partition.eof": True})
    left: dict[str, tuple[int, int]] = {}
    try:
        left.update(bounds(bootstrap, topics, isolation=Isolation.UNCOMMITTED))
        consumer.assign(_from_the_start(topics))

        def reached_all_ends() -> bool:
            messages = consumer.consume(2000, 0.2)
            records = records_in(messages)
            covers = {key: [left.pop(key)[0], end] for key, end in ends_in(messages).items() if _is_end(left, key, end)}
            if records or covers:
                extra = {"final": True, **_extra(isolation), **({"covers": covers} if covers else {})}
                value = [["poll", records]] if records else [["poll"]]
                journal.append(process=process, type=OpType.OK, f="poll", value=value, extra=extra)
            return not left

        wait_until(reached_all_ends, what="reading every partition to its end", timeout_s=timeout_s, every_s=0)
    except (TimedOut, KafkaException) as error:
        raise Inconclusive(
            f"the final read of {sorted(topics)} did not finish: {error}; still to read: {sorted(left)}"
        ) from error
    finally:
        consumer.close()


def _is_end(left: Mapping[str, tuple[int, int]], key: str, end: int) -> bool:
    """Say whether a key is still to be read and `end` is not short of its high watermark."""
    return key in left and end >= left[key][1]


def bounds(bootstrap: str, topics: Mapping[str, int], *, isolation: Isolation) -> dict[str, tuple[int, int]]:
    """Return the first offset of each key and its end; for what is committed that is where a transaction is open."""
    consumer = Consumer(plain_consumer(bootstrap, group=FINAL, isolation=isolation))
    try:
        return {key: watermarks(consumer, TopicPartition(*place(key))) for key in keys_of(topics)}
    finally:
        consumer.close()
