"""Users for Locust: each is one engine process, a producer or a consumer; the greenlet only follows its trace.

    from load.users import EndOfLoad, KafkaConsumer, KafkaProducer

    class Writer(KafkaProducer):
        weight = 1

A client's callbacks come from threads of its own library, where no greenlet may be switched: so no client lives in
Locust's process.
"""

from __future__ import annotations

import json
import logging
import time
from abc import abstractmethod
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from locust import User, constant, events, task
from locust.env import Environment

from harness.clients.engine.orders import CONTROL, LoadOrder
from load.crew import Kind
from load.fleet import Engine, Fleet
from load.link import Link, link_of, tie
from load.outcome import Objective, complaint
from load.shapes import EndOfLoad, TargetRate
from load.statistics import merge

__all__ = ["EndOfLoad", "KafkaConsumer", "KafkaProducer", "TargetRate"]

FOLLOW_EVERY_S = 0.5


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--load-order", required=True, help="the file that says which load to put on what")
    parser.add_argument("--max-p99-ms", type=float, help="exit with 1 if records took longer to be acknowledged")
    parser.add_argument("--min-ratio", type=float, help="exit with 1 if less of the sent records were acknowledged")


@events.init.add_listener  # type: ignore[untyped-decorator]
def _equip(environment: Environment, **_: object) -> None:
    """Tie this process to the load, and give each class as many users as the order wants engines of it."""
    link = tie(environment, LoadOrder.read(Path(environment.parsed_options.load_order)))  # type: ignore[union-attr]
    for user in environment.user_classes:
        if issubclass(user, EngineUser):
            user.fixed_count = user.wanted(link.order)
    environment.user_classes[:] = [user for user in environment.user_classes if user.fixed_count]
    environment.events.report_to_master.add_listener(lambda data, **_: data.update(load=link.report()))
    environment.events.worker_report.add_listener(lambda data, **_: link.crew.take(data["load"]))


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def _begin(environment: Environment, **_: object) -> None:
    if link_of(environment).decides:
        link_of(environment).begin()


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _end(environment: Environment, **_: object) -> None:
    """Leave what the engines cannot know, and the exit code, with one line that says why it is not 0."""
    link = link_of(environment)
    if not link.decides:
        return
    link.crew.take(link.report())
    codes = {name: link.crew.codes.get(name) for name in link.crew.owners}
    control = {"started_ns": link.fleet.started_ns, "cpu_s": time.process_time(), "engines": codes}
    (link.folder / CONTROL).write_text(json.dumps(control), encoding="utf-8")
    options: Any = environment.parsed_options
    wrong = complaint(link.crew, Objective(max_p99_ms=options.max_p99_ms, min_ratio=options.min_ratio))
    if wrong:
        logging.getLogger(__name__).error("The load did not do: %s.", wrong)
    environment.process_exit_code = 1 if wrong else 0


class EngineUser(User):
    """A user that stands for one engine: it starts it, merges its frames, and finishes it."""

    abstract = True
    wait_time = constant(FOLLOW_EVERY_S)

    @classmethod
    @abstractmethod
    def wanted(cls, order: LoadOrder) -> int:
        """Say how many of these the order wants."""

    @abstractmethod
    def start_engine(self, link: Link) -> Engine:
        """Start the engine that this user stands for."""

    def on_start(self) -> None:
        self.engine = self.start_engine(link_of(self.environment))

    @task
    def follow(self) -> None:
        """Merge what the engine has written since the last look; its end is told after its last frame."""
        link, code = link_of(self.environment), self.engine.exit_code
        frames = self.engine.new_frames()
        for frame in frames:
            merge(self.environment.stats, frame)
        link.seen(frames)
        if code is not None:
            link.ended(self.engine.name, code)

    def on_stop(self) -> None:
        """Finish the engine, if the test is stopped before its end, and merge its last frames."""
        self._fleet.finish()
        self.follow()

    @property
    def _fleet(self) -> Fleet:
        return link_of(self.environment).fleet


class KafkaProducer(EngineUser):
    """Sends its share of the rate, open loop."""

    abstract = True

    @classmethod
    def wanted(cls, order: LoadOrder) -> int:
        return order.traffic.producers

    def start_engine(self, link: Link) -> Engine:
        return link.fleet.start_producer(number=link.claim(Kind.PRODUCER))


class KafkaConsumer(EngineUser):
    """Reads its share of the partitions."""

    abstract = True

    @classmethod
    def wanted(cls, order: LoadOrder) -> int:
        return order.traffic.groups * order.traffic.consumers

    def start_engine(self, link: Link) -> Engine:
        return link.fleet.start_consumer(number=link.claim(Kind.CONSUMER))
