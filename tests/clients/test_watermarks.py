"""The ends of a log are asked for until the leader answers, and an error that stays is told."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from harness.clients.watermarks import watermarks


class Moving:
    """A consumer whose first question goes to a broker that is not the leader any more."""

    def __init__(self, *, refusals: int) -> None:
        self.refusals = refusals

    def get_watermark_offsets(self, _: TopicPartition, timeout: float) -> tuple[int, int]:
        assert timeout > 0
        self.refusals -= 1
        if self.refusals >= 0:
            raise KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))
        return 3, 9


def test_a_leader_that_has_just_moved_is_asked_again() -> None:
    assert watermarks(Moving(refusals=2), TopicPartition("orders", 0)) == (3, 9)  # type: ignore[arg-type]


def test_without_an_answer_in_time_the_error_is_raised() -> None:
    with pytest.raises(KafkaException, match="NOT_LEADER"):
        watermarks(Moving(refusals=1000), TopicPartition("orders", 0), timeout_s=0.1)  # type: ignore[arg-type]
