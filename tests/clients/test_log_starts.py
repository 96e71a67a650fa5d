"""Log starts are asked of each partition by itself; the report gets the first and last sample and the moves between."""

from __future__ import annotations

import threading

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from harness.checkers.retention import Sample
from harness.clients.log_starts import LogStarts, as_series
from harness.runclock import RunClock
from harness.waiting import wait_until


class Leaders:
    """A consumer whose partition 0 is not answered until it is let go, and whose partition 2 has no leader."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.let_go = threading.Event()
        self.breaks = breaks
        self.is_closed = False

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        assert timeout > 0
        assert not self.is_closed
        if self.breaks:
            raise RuntimeError("torn")
        if place.partition == 0:
            self.let_go.wait(60)
        if place.partition == 2:
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
        return 5 + place.partition, 9

    def close(self) -> None:
        self.is_closed = True


def log_starts(leaders: Leaders) -> LogStarts:
    # Leaders has the two methods that are called; it is no Consumer, as that class opens connections.
    return LogStarts("nowhere:9092", clock=RunClock(), make=lambda _: leaders)  # type: ignore[arg-type, return-value]


def test_a_leader_that_is_slow_to_answer_makes_no_gap_in_what_is_seen_of_the_others() -> None:
    leaders = Leaders()
    with log_starts(leaders) as starts:
        starts.watch("orders", [0, 1, 2])
        wait_until(lambda: len(starts.observation.get("orders-1", ())) > 2, what="some samples", timeout_s=30)
        assert set(starts.observation) == {"orders-1"}
        leaders.let_go.set()
        wait_until(lambda: "orders-0" in starts.observation, what="the slow leader's answer", timeout_s=30)
    assert leaders.is_closed
    assert {sample.log_start for sample in starts.observation["orders-1"]} == {6}
    assert "orders-2" not in starts.observation, "a question that nobody answers leaves no sample"


def test_an_observer_that_died_is_known() -> None:
    with log_starts(Leaders(breaks=True)) as starts:
        starts.watch("orders", [1])
        wait_until(lambda: starts.crash is not None, what="its death", timeout_s=30)
    assert not starts.observation


def test_only_samples_that_tell_something_are_kept() -> None:
    starts = (0, 0, 0, 5, 5, 9, 9)
    samples = [Sample(asked_s=n, answered_s=n + 0.5, log_start=start) for n, start in enumerate(starts)]
    assert as_series("orders-0", samples).points == ((0.5, 0.0), (3.5, 5.0), (5.5, 9.0), (6.5, 9.0))


def test_without_samples_there_are_no_points() -> None:
    assert as_series("orders-0", []).points == ()
