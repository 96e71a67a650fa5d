"""Users for Locust: each stands for engine processes, producers and consumers; the greenlet only follows their traces.

    from load.users import KafkaEndToEnd, TargetRate

    class Orders(KafkaEndToEnd):
        fixed_count = 2

A client's callbacks come from threads of its own library, where no greenlet may be switched: so no client lives in
Locust's process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from locust import User, constant, task
from locust.exception import StopUser

import load.listeners as _listeners  # noqa: F401 (it listens to Locust's events)
from harness.measuring.trace import parse
from harness.measuring.traffic import Acks, Compression, Keys, Records, Sending, Spread
from load.crew import Kind
from load.fleet import Engine
from load.link import Link, link_of
from load.shapes import TargetRate
from load.statistics import merge

__all__ = [
    "Acks",
    "Compression",
    "KafkaConsumer",
    "KafkaEndToEnd",
    "KafkaMixed",
    "KafkaProducer",
    "Keys",
    "Records",
    "Sending",
    "Spread",
    "TargetRate",
]

FOLLOW_EVERY_S = 0.5


class KafkaUser(User):
    """A user that stands for engines: it starts them, merges their frames, and finishes them.

    `fixed_count`, Locust's own, says how many such users there are; the rate is that of all producers together, in
    equal shares.
    """

    abstract = True
    wait_time = constant(FOLLOW_EVERY_S)
    fixed_count = 1
    records: ClassVar[tuple[Records, ...]] = ()
    """What is written: one producer for each kind of record."""
    sending: ClassVar[Sending] = Sending()
    """How it is sent."""
    readers: ClassVar[int] = 0
    """How many consumers there are; all of the load share the partitions, in as many groups as --groups says."""

    def on_start(self) -> None:
        """Start the engines. A user that cannot ends the test: it would wait for these engines for ever."""
        self.engines: list[Engine] = []
        link = link_of(self.environment)
        try:
            for engine in self._started(link):
                self.engines.append(engine)
        except Exception as error:  # whatever it is, nobody else would tell that these engines never come
            link.trouble(f"{type(self).__name__} could not start its engines: {type(error).__name__}: {error}")
            link.tell()
            raise StopUser from error

    def _started(self, link: Link) -> Iterator[Engine]:
        for records in self.records:
            number = link.claim(Kind.PRODUCER)
            traffic = replace(link.fleet.order.traffic, records=records, sending=self.sending)
            yield link.fleet.start_producer(number=number, traffic=traffic)
        for _ in range(self.readers):
            number = link.claim(Kind.CONSUMER)
            yield link.fleet.start_consumer(number=number)

    @task
    def follow(self) -> None:
        """Merge what the engines have written since the last look; an end is told after the last frame."""
        link = link_of(self.environment)
        for engine in self.engines:
            code, lines = engine.exit_code, engine.new_lines()
            for frame in parse(lines).frames:
                merge(self.environment.stats, frame, offset_ns=link.difference.ns)
            if lines:
                link.seen(engine.name, lines)
            if code is not None:
                link.ended(engine.name, code)
        link.tell()

    def on_stop(self) -> None:
        """Finish the engines, if the test is stopped before its end, and merge their last frames."""
        link = link_of(self.environment)
        if link.is_begun:
            link.fleet.finish()
            self.follow()


class KafkaProducer(KafkaUser):
    """Sends its share of the rate, open loop."""

    abstract = True
    records = (Records(),)


class KafkaConsumer(KafkaUser):
    """Reads its share of the partitions."""

    abstract = True
    readers = 1


class KafkaEndToEnd(KafkaUser):
    """Sends and reads: the time from when a record was due to its delivery is measured, and that none is lost."""

    abstract = True
    records = (Records(),)
    readers = 1


class KafkaMixed(KafkaUser):
    """Sends small and large records at once, each kind half of the rate, and reads them with two consumers."""

    abstract = True
    records = (Records(value_bytes=100), Records(value_bytes=10_240))
    readers = 2
