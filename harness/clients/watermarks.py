"""The ends of a partition's log, asked for until its leader has answered."""

from __future__ import annotations

from confluent_kafka import KafkaException, TopicPartition

from harness.clients.handles import Consumer
from harness.waiting import TimedOut, wait_until

TIMEOUT_S = 15.0
_ASK_TIMEOUT_S = 5.0


def watermarks(consumer: Consumer, partition: TopicPartition, *, timeout_s: float = TIMEOUT_S) -> tuple[int, int]:
    """Return the first offset of a partition and the one after its last.

    Leadership may move between the client's look-up and its question, and the answer is then that the broker asked is
    not the leader: that is no answer yet. Without one in time the last error is raised.
    """
    answers: list[tuple[int, int]] = []
    errors: list[KafkaException] = []

    def answered() -> bool:
        try:
            low, high = consumer.get_watermark_offsets(partition, timeout=_ASK_TIMEOUT_S)
        except KafkaException as error:
            errors.append(error)
            return False
        answers.append((int(low), int(high)))
        return True

    try:
        what = f"an answer on the ends of {partition.topic}-{partition.partition}"
        wait_until(answered, what=what, timeout_s=timeout_s, every_s=0.05)
    except TimedOut as late:
        raise errors[-1] from late
    return answers[0]
