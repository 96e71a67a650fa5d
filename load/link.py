"""The link between the process that decides about a load and those that run its engines, over Locust's messages.

Without workers both are the same process and Locust hands the messages over at once, so there is only one way.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from gevent.event import AsyncResult
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from harness.clients.engine.orders import LoadOrder
from harness.measuring import pace
from harness.measuring.frames import Frame
from harness.runclock import NS_PER_S
from load.crew import Crew, Kind
from load.fleet import Fleet

LEAD_S = 3.0
"""From the start of the test to the first record: engines load their libraries and connect meanwhile."""

CLAIM_TIMEOUT_S = 10.0
LOCAL = "local"
"""Locust's own name for the sender of a message that does not leave the process."""


class Link:
    """What one process of Locust knows of a load, and what it tells the others."""

    def __init__(self, environment: Environment, order: LoadOrder) -> None:
        self.order, self.folder = order, Path(order.folder)
        self.fleet = Fleet(order=order)
        self.crew = Crew(producers=order.traffic.producers, consumers=order.traffic.groups * order.traffic.consumers)
        self._runner: Any = environment.runner
        self._frames: list[Frame] = []
        self._codes: dict[str, int] = {}
        self._tickets, self._claims = itertools.count(), dict[int, AsyncResult]()
        for name, listener in (
            ("load-begin", self._begun),
            ("load-claim", self._claimed),
            ("load-number", self._numbered),
            ("load-finish", self._finish_producers),
            ("load-release", self._finish_consumers),
        ):
            if self._runner is not None:
                self._runner.register_message(name, listener)

    @property
    def decides(self) -> bool:
        return not isinstance(self._runner, WorkerRunner)

    def begin(self) -> None:
        """Set the moment of the first record, for everybody."""
        self.crew.clear()
        started_ns = time.monotonic_ns() + int(LEAD_S * NS_PER_S)
        self.fleet.begin(started_ns)
        self._runner.send_message("load-begin", {"started_ns": started_ns})

    def claim(self, kind: Kind) -> int:
        """Return the number of a new engine, unique and without holes through all workers."""
        ticket, answer = next(self._tickets), AsyncResult()
        self._claims[ticket] = answer
        self._runner.send_message("load-claim", {"kind": kind.value, "ticket": ticket})
        return int(answer.get(timeout=CLAIM_TIMEOUT_S))

    def seen(self, frames: tuple[Frame, ...]) -> None:
        """Keep frames for the next report."""
        self._frames.extend(frames)

    def ended(self, name: str, code: int) -> None:
        """Keep the end of an engine for the next report; all its frames were seen."""
        self._codes[name] = code

    def report(self) -> dict[str, object]:
        """Return what was seen since the last report."""
        told: dict[str, object] = {"frames": [frame.as_json() for frame in self._frames], "codes": dict(self._codes)}
        self._frames.clear()
        self._codes.clear()
        return told

    def may_end(self) -> bool:
        """Push the load towards its end, in order; say whether it is over or cannot go on."""
        self._look()
        if pace.is_finished(self.folder):
            self._runner.send_message("load-finish")
        if self.crew.has_sent():
            self._runner.send_message("load-release")
        return self.crew.has_ended() or bool(self.crew.lost)

    def _look(self) -> None:
        if isinstance(self._runner, MasterRunner):
            self.crew.miss(client.id for client in self._runner.clients.all if client.state != "missing")
        else:
            self.crew.take(self.report())

    def _begun(self, msg: Any, **_: object) -> None:
        if not self.decides:
            place = self.folder / f"worker-{self._runner.worker_index}"
            place.mkdir(parents=True, exist_ok=True)
            self.fleet.place = place
        self.fleet.begin(msg.data["started_ns"])

    def _claimed(self, msg: Any, **_: object) -> None:
        number = self.crew.claim(Kind(msg.data["kind"]), owner=msg.node_id)
        self._runner.send_message("load-number", {**msg.data, "number": number}, msg.node_id)

    def _numbered(self, msg: Any, **_: object) -> None:
        self._claims.pop(msg.data["ticket"]).set(msg.data["number"])

    def _finish_producers(self, **_: object) -> None:
        self.fleet.finish_producers()

    def _finish_consumers(self, **_: object) -> None:
        self.fleet.finish_consumers()


_links: WeakKeyDictionary[Environment, Link] = WeakKeyDictionary()


def tie(environment: Environment, order: LoadOrder) -> Link:
    """Give a process of Locust its link."""
    _links[environment] = Link(environment, order)
    return _links[environment]


def link_of(environment: Environment) -> Link:
    """Return the link of a process of Locust."""
    return _links[environment]
