"""The fleet: engines get their shares, and consumers are told to finish when the last producer has ended."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from harness.clients.engine.orders import ConsumerOrder, LoadOrder, ProducerOrder
from harness.measuring import trace
from harness.measuring.traffic import Traffic
from harness.waiting import wait_until
from load import fleet as fleets
from load.fleet import Engine, Fleet


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Return a fleet of engines that need no cluster."""
    monkeypatch.setattr(fleets, "PRODUCE", "tests.load.fake_engine")
    monkeypatch.setattr(fleets, "CONSUME", "tests.load.fake_engine")
    order = LoadOrder(
        bootstrap="nowhere",
        topic="load",
        traffic=Traffic(partitions=5, producers=2, groups=2, consumers=2),
        drain_s=1,
        folder=str(tmp_path),
    )
    made = Fleet(order=order)
    made.begin(123)
    return made


def has_written(engine: Engine) -> bool:
    """Say whether an engine has written since it was last asked."""
    return bool(engine.new_frames())


def start_all(fleet: Fleet) -> None:
    traffic = fleet.order.traffic
    for number in range(traffic.producers):
        fleet.start_producer(number=number)
    for number in range(traffic.groups * traffic.consumers):
        fleet.start_consumer(number=number)


def test_each_engine_gets_its_share_and_all_the_same_start(fleet: Fleet, tmp_path: Path) -> None:
    start_all(fleet)
    producers = [ProducerOrder.read(tmp_path / f"producer-{number}.order.json") for number in (0, 1)]
    consumers = [ConsumerOrder.read(tmp_path / f"consumer-{number}.order.json") for number in range(4)]
    fleet.finish()
    assert [(order.number, order.producers) for order in producers] == [(0, 2), (1, 2)]
    assert [(order.group, order.partitions) for order in consumers] == [
        ("load-0", (0, 2, 4)),
        ("load-0", (1, 3)),
        ("load-1", (0, 2, 4)),
        ("load-1", (1, 3)),
    ]
    starts = [order.started_ns for order in producers] + [order.started_ns for order in consumers]
    assert set(starts) == {fleet.started_ns}


def test_consumers_end_after_the_last_producer(fleet: Fleet, tmp_path: Path) -> None:
    for consumer in [fleet.start_consumer(number=0), fleet.start_consumer(number=1)]:
        # An engine that still starts cannot be told to finish yet, and these producers end at once.
        wait_until(partial(has_written, consumer), what="a consumer at work", timeout_s=20, every_s=0.05)
    for producer in [fleet.start_producer(number=0), fleet.start_producer(number=1)]:
        wait_until(partial(has_written, producer), what="a producer at work", timeout_s=20, every_s=0.05)
    fleet.finish()
    assert [engine.exit_code for engine in fleet.engines] == [0, 0, 0, 0]
    frames = trace.read(tmp_path).frames
    last_of = {frame.engine: frame.started_ns for frame in frames}
    producers_end = max(last_of[f"producer-{number}"] for number in (0, 1))
    assert all(last_of[f"consumer-{number}"] > producers_end for number in (0, 1))


def test_frames_are_followed_without_repetition(fleet: Fleet) -> None:
    engine = fleet.start_producer(number=0)
    wait_until(lambda: engine.exit_code is not None, what="the end of the producer", timeout_s=20, every_s=0.05)
    assert [frame.sent for frame in engine.new_frames()] == [1, 2]
    assert engine.new_frames() == ()
