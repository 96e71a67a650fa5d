"""Traffic: several paced producers and following consumers on one topic, journalled, stopped and read back whole."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harness.checkers import duplicate, order, phantom, unseen, windows
from harness.clients.consumer import FollowingConsumer, read_everything
from harness.clients.producer import Pace, PacedProducer
from harness.clients.settings import durable_producer, plain_consumer
from harness.evidence import Series, Window
from harness.journal import Journal
from harness.ops import History
from harness.runclock import NS_PER_S, RunClock
from harness.verdict import Inconclusive, Judgement
from harness.waiting import wait_until


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much traffic: the rate is per partition, all producers together."""

    topic: str
    partitions: int
    rate_per_partition_hz: float = 50.0
    producers: int = 2
    consumers: int = 2


class Traffic:
    """A context in which clients write and read; leaving it stops them, and `settle` reads everything back."""

    def __init__(self, load: Load, *, bootstrap: str, journal_path: Path, clock: RunClock) -> None:
        self.load, self.clock, self.bootstrap = load, clock, bootstrap
        self.journal = Journal(journal_path, clock=clock)
        processes = itertools.count()
        self._producers = [
            PacedProducer(
                next(processes),
                pace=Pace(
                    topic=load.topic,
                    partitions=load.partitions,
                    rate_per_partition_hz=load.rate_per_partition_hz / load.producers,
                ),
                settings=durable_producer(bootstrap),
                journal=self.journal,
                clock=clock,
            )
            for _ in range(load.producers)
        ]
        self._consumers = [
            FollowingConsumer(
                process := next(processes),
                topic=load.topic,
                partitions=load.partitions,
                settings=plain_consumer(bootstrap, group=f"{load.topic}-reader-{process}"),
                journal=self.journal,
            )
            for _ in range(load.consumers)
        ]
        self.started_s = self.stopped_s = 0.0

    def __enter__(self) -> Traffic:
        for consumer in self._consumers:
            consumer.start()
        for producer in self._producers:
            producer.start()
        self.started_s = self.clock.now_s()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped_s = self.clock.now_s()
        for producer in self._producers:
            producer.stop(flush_timeout_s=30)
        for consumer in self._consumers:
            consumer.stop()
        if kind is not None:
            self.journal.close()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(f"{self.load.topic}-{partition}" for partition in range(self.load.partitions))

    @property
    def generator_lateness_s(self) -> float:
        """How late the worst record was sent; its cause is the generator, never the cluster."""
        return max(producer.worst_lateness_s for producer in self._producers)

    def acknowledged_by_partition(self) -> dict[str, int]:
        """Count the acknowledged records of each partition so far."""
        return {key: sum(producer.acknowledged[key] for producer in self._producers) for key in self.keys}

    def await_acknowledgements(self, more: int, *, timeout_s: float) -> None:
        """Wait until every partition has acknowledged this many more records; raise TimedOut otherwise."""
        wanted = {key: count + more for key, count in self.acknowledged_by_partition().items()}

        def reached() -> bool:
            now = self.acknowledged_by_partition()
            return all(now[key] >= count for key, count in wanted.items())

        what = f"{more} more acknowledgements on each of {len(wanted)} partitions"
        wait_until(reached, what=what, timeout_s=timeout_s, every_s=0.05)

    def settle(self) -> History:
        """After the traffic has stopped: read every partition to its end and return the whole history."""
        clients: tuple[PacedProducer | FollowingConsumer, ...] = (*self._producers, *self._consumers)
        for client in clients:
            if client.crash is not None:
                raise Inconclusive(f"process {client.process} of the harness died: {client.crash!r}")
        settings = plain_consumer(self.bootstrap, group=f"{self.load.topic}-final")
        read_everything(topic=self.load.topic, partitions=self.load.partitions, settings=settings, journal=self.journal)
        self.journal.close()
        return self.journal.history()

    def windows(self, history: History, *, from_s: float, until_s: float) -> tuple[Window, ...]:
        """Return the windows without acknowledgements between two moments of the run, worst first."""
        return windows.find(history, keys=self.keys, start_s=from_s, end_s=until_s)


def safety(history: History) -> tuple[Judgement, ...]:
    """Judge everything that must hold for durable, idempotent clients, whatever faults happened."""
    return (unseen.check(history), duplicate.check(history), order.check(history), phantom.check(history))


def throughput(history: History) -> Series:
    """Count acknowledged records per second, for the report's timeline."""
    per_second: dict[int, int] = {}
    for send in history.acknowledged:
        if send.ended_ns is not None:
            second = send.ended_ns // NS_PER_S
            per_second[second] = per_second.get(second, 0) + 1
    if not per_second:
        return Series(name="acknowledged", unit="records/s", points=())
    seconds = range(min(per_second), max(per_second) + 1)
    points = tuple((float(second), float(per_second.get(second, 0))) for second in seconds)
    return Series(name="acknowledged", unit="records/s", points=points)
