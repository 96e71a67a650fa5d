"""Consumers: one that follows every partition while things happen, and the final read after all is healed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from harness.clients.settings import Settings
from harness.clients.watermarks import watermarks
from harness.journal import Journal
from harness.ops import OpType
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until


def _by_key(messages: Iterable[Message]) -> dict[str, list[list[object]]]:
    records: dict[str, list[list[object]]] = defaultdict(list)
    for message in messages:
        error = message.error()
        if error is not None:
            if error.fatal():
                raise KafkaException(error)
            continue
        value = message.value()
        records[f"{message.topic()}-{message.partition()}"].append([message.offset(), (value or b"").decode()])
    return dict(records)


def _assignment(topic: str, partitions: int) -> list[TopicPartition]:
    return [TopicPartition(topic, partition, 0) for partition in range(partitions)]


class FollowingConsumer:
    """One client process that is assigned all partitions from offset 0 and journals what it is given."""

    def __init__(self, process: int, *, topic: str, partitions: int, settings: Settings, journal: Journal) -> None:
        self.process = process
        self.crash: BaseException | None = None
        self._journal = journal
        self._consumer = Consumer(settings)
        self._consumer.assign(_assignment(topic, partitions))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._guarded_run, name=f"consumer-{process}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
        self._consumer.close()

    def _guarded_run(self) -> None:
        try:
            while not self._stop.is_set():
                records = _by_key(self._consumer.consume(200, 0.1))
                if records:
                    self._journal.append(process=self.process, type=OpType.OK, f="poll", value=[["poll", records]])
        except BaseException as error:  # a dead thread must not look like a quiet cluster
            self.crash = error


FINAL = "final"


def read_everything(
    *, topic: str, partitions: int, settings: Settings, journal: Journal, timeout_s: float = 60
) -> None:
    """Read every partition from its first offset to its high watermark, into the journal, as process `final`.

    A partition that cannot be read to its end within the time-out raises Inconclusive: what was not read is not lost.
    """
    consumer = Consumer({**settings, "enable.partition.eof": False})
    left: set[str] = set()
    try:
        ends = {
            f"{topic}-{partition}": watermarks(consumer, TopicPartition(topic, partition))
            for partition in range(partitions)
        }
        left = {key for key, (low, high) in ends.items() if high > low}
        consumer.assign(_assignment(topic, partitions))

        def reached_all_ends() -> bool:
            if not left:
                return True
            records = _by_key(consumer.consume(2000, 0.2))
            if records:
                journal.append(
                    process=FINAL, type=OpType.OK, f="poll", value=[["poll", records]], extra={"final": True}
                )
            left.difference_update([tp_key for tp_key in left if _position(consumer, tp_key) >= ends[tp_key][1]])
            return not left

        wait_until(reached_all_ends, what="reading every partition to its end", timeout_s=timeout_s, every_s=0)
    except (TimedOut, KafkaException) as error:
        raise Inconclusive(
            f"the final read of {topic} did not finish: {error}; still to read: {sorted(left)}"
        ) from error
    finally:
        consumer.close()


def _position(consumer: Consumer, key: str) -> int:
    topic, partition = key.rsplit("-", 1)
    (position,) = consumer.position([TopicPartition(topic, int(partition))])
    return int(position.offset)
