"""Users for Locust: each is one engine process, a producer or a consumer; the greenlet only follows its trace.

    from load.users import EndOfLoad, KafkaConsumer, KafkaProducer

    class Writer(KafkaProducer):
        weight = 1

A client's callbacks come from threads of its own library, where no greenlet may be switched: so no client lives in
Locust's process.
"""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from argparse import ArgumentParser
from pathlib import Path
from weakref import WeakKeyDictionary

from locust import LoadTestShape, User, constant, events, task
from locust.env import Environment

from harness.clients.engine.orders import CONTROL, LoadOrder
from load.fleet import Engine, Fleet
from load.statistics import merge

FOLLOW_EVERY_S = 0.5
_fleets: WeakKeyDictionary[Environment, Fleet] = WeakKeyDictionary()


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_option(parser: ArgumentParser) -> None:
    parser.add_argument("--load-order", required=True, help="the file that says which load to put on what")


@events.init.add_listener  # type: ignore[untyped-decorator]
def _equip(environment: Environment, **_: object) -> None:
    """Give the test its fleet, and each class as many users as the order wants engines of it."""
    fleet = Fleet(order=LoadOrder.read(Path(environment.parsed_options.load_order)))  # type: ignore[union-attr]
    _fleets[environment] = fleet
    for user in environment.user_classes:
        if issubclass(user, EngineUser):
            user.fixed_count = user.wanted(fleet.order)
    environment.user_classes[:] = [user for user in environment.user_classes if user.fixed_count]


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def _begin(environment: Environment, **_: object) -> None:
    _fleets[environment].begin()


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _end(environment: Environment, **_: object) -> None:
    """Leave what the engines cannot know, and an exit code that speaks of the load's mechanism, not of its figures."""
    fleet = _fleets[environment]
    codes = {engine.name: engine.exit_code for engine in fleet.engines}
    control = {"started_ns": fleet.started_ns, "cpu_s": time.process_time(), "engines": codes}
    (Path(fleet.order.folder) / CONTROL).write_text(json.dumps(control), encoding="utf-8")
    environment.process_exit_code = 0 if codes and set(codes.values()) == {0} else 1


class EngineUser(User):
    """A user that stands for one engine: it starts it, merges its frames, and finishes it."""

    abstract = True
    wait_time = constant(FOLLOW_EVERY_S)

    @classmethod
    @abstractmethod
    def wanted(cls, order: LoadOrder) -> int:
        """Say how many of these the order wants."""

    @abstractmethod
    def start_engine(self, fleet: Fleet) -> Engine:
        """Start the engine that this user stands for."""

    def on_start(self) -> None:
        self.engine = self.start_engine(_fleets[self.environment])

    @task
    def follow(self) -> None:
        """Merge what the engine has written since the last look."""
        for frame in self.engine.new_frames():
            merge(self.environment.stats, frame)

    def on_stop(self) -> None:
        """Finish the engine, if the test is stopped before its end, and merge its last frames."""
        _fleets[self.environment].finish()
        self.follow()


class KafkaProducer(EngineUser):
    """Sends its share of the rate, open loop."""

    abstract = True

    @classmethod
    def wanted(cls, order: LoadOrder) -> int:
        return order.producers

    def start_engine(self, fleet: Fleet) -> Engine:
        return fleet.start_producer()


class KafkaConsumer(EngineUser):
    """Reads its share of the partitions."""

    abstract = True

    @classmethod
    def wanted(cls, order: LoadOrder) -> int:
        return order.consumers

    def start_engine(self, fleet: Fleet) -> Engine:
        return fleet.start_consumer()


class EndOfLoad(LoadTestShape):
    """A shape that keeps one user for each engine and ends the test when all engines have ended."""

    def tick(self) -> tuple[int, float] | None:
        fleet = _fleets[self.runner.environment]  # type: ignore[union-attr]
        return None if fleet.has_ended() else (fleet.size, float(fleet.size))
