"""The link between the process that decides about a load and those that run its engines, over Locust's messages.

Without workers both are the same process and Locust hands the messages over at once, so there is only one way.
A worker needs no file of another process: the pace comes to it and its traces go back by message, so that it may run
on another machine.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import WeakKeyDictionary

import gevent
from gevent.event import AsyncResult, Event
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from harness.clients.engine.orders import LoadOrder
from harness.measuring import pace
from harness.measuring.trace import SUFFIX
from harness.runclock import NS_PER_S
from load import clock
from load.clock import Difference, Exchange
from load.crew import Crew, Kind
from load.fleet import Fleet

LEAD_S = 3.0
"""From the start of the test to the first record: engines load their libraries and connect meanwhile."""

ANSWER_TIMEOUT_S = 10.0
NO_TEST = 0
"""The start in the report of a worker that was told of no test, which is why it is in trouble."""

EXCHANGES = 10
"""How often the time is asked for: the quickest answer counts."""


class Link:
    """What one process of Locust knows of a load, and what it tells the others."""

    def __init__(self, environment: Environment) -> None:
        self.crew = Crew(producers=0, consumers=0)
        self.difference = Difference()
        self.uncertainty_ns = 0
        """By how much the clock of any worker may be wrong."""
        self._runner: Any = environment.runner
        self._fleet: Fleet | None = None
        self._ready = Event()
        self._pace_told, self.ended_ns = 0, 0
        self._forget()
        self._tickets, self._answers = itertools.count(), dict[int, AsyncResult]()
        for name, listener in (
            ("load-begin", self._begun),
            ("load-pace", self._pace_came),
            ("load-claim", self._claimed),
            ("load-time", self._time_wanted),
            ("load-clock", self._clock_known),
            ("load-answer", self._answered),
            ("load-report", self._reported),
            ("load-finish", self._finish_producers),
            ("load-release", self._finish_consumers),
        ):
            if self._runner is not None:
                self._runner.register_message(name, listener)

    @property
    def decides(self) -> bool:
        return not isinstance(self._runner, WorkerRunner)

    @property
    def leads(self) -> bool:
        """Say whether the engines run in other processes than this one."""
        return isinstance(self._runner, MasterRunner)

    @property
    def fleet(self) -> Fleet:
        """The engines of this process, in the test that goes on."""
        if self._fleet is None:
            raise RuntimeError("got a question for the engines, expected it during a test: none has begun")
        return self._fleet

    @property
    def is_begun(self) -> bool:
        return self._fleet is not None

    @property
    def folder(self) -> Path:
        """Where the pace and, in the end, all traces of the load are."""
        return Path(self.fleet.order.folder)

    # What the process that decides does.

    def begin(self, order: LoadOrder, *, producers: int, consumers: int) -> None:
        """Set the moment of the first record, for everybody, and forget the load before this one."""
        self.crew = Crew(producers=producers, consumers=consumers)
        self._forget()
        self._pace_told, self.ended_ns, self.uncertainty_ns = 0, 0, 0
        self._fleet = Fleet(order=order, started_ns=time.monotonic_ns() + int(LEAD_S * NS_PER_S))
        begin = {"order": order.as_json(), "started_ns": self._fleet.started_ns, "machine": clock.machine()}
        if self.leads:
            self._runner.send_message("load-begin", begin)
        else:
            self._ready.set()

    def may_end(self) -> bool:
        """Push the load towards its end, in order; say whether it is over or cannot go on."""
        self.gather()
        if self.leads:
            self._tell_pace()
        if pace.is_finished(self.folder):
            self._runner.send_message("load-finish")
        if self.crew.has_sent():
            self._runner.send_message("load-release")
        return self.crew.has_ended() or self.crew.is_broken()

    def finish(self, ended_ns: int) -> None:
        """Note that nothing is due from a moment on; the first such moment counts."""
        if not self.ended_ns:
            self.ended_ns = ended_ns
            pace.finish(self.folder)

    def gather(self) -> None:
        """Take what was seen; from workers it comes by itself, so here only their absence is noted."""
        if self.leads:
            self.crew.miss(client.id for client in self._runner.clients.all if client.state != "missing")
        else:
            self.crew.take(self._report())

    def end(self) -> None:
        """Note that the test is over: the next one begins anew."""
        self._fleet = None
        self._ready.clear()

    def _tell_pace(self) -> None:
        steps = (self.folder / pace.FILE).read_bytes() if (self.folder / pace.FILE).exists() else b""
        if len(steps) > self._pace_told:
            self._runner.send_message("load-pace", {"lines": steps[self._pace_told :].decode()})
            self._pace_told = len(steps)

    def _claimed(self, msg: Any, **_: object) -> None:
        self._answer(msg, self.crew.claim(Kind(msg.data["kind"]), owner=msg.node_id))

    def _time_wanted(self, msg: Any, **_: object) -> None:
        self._answer(msg, time.monotonic_ns())

    def _clock_known(self, msg: Any, **_: object) -> None:
        self.uncertainty_ns = max(self.uncertainty_ns, msg.data["uncertainty_ns"])

    def _answer(self, msg: Any, value: int) -> None:
        self._runner.send_message("load-answer", {"ticket": msg.data["ticket"], "value": value}, msg.node_id)

    def _reported(self, msg: Any, **_: object) -> None:
        """Keep the traces of a worker as if its engines had run here; what comes too late is of no test any more."""
        if self._fleet is None or msg.data["started_ns"] not in (NO_TEST, self._fleet.started_ns):
            return
        for name, lines in msg.data["lines"].items():
            with (self.folder / f"{name}{SUFFIX}").open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
        self.crew.take(msg.data)

    # What the processes with engines do.

    def claim(self, kind: Kind) -> int:
        """Return the number of a new engine, unique and without holes through all workers."""
        if not self._ready.wait(timeout=ANSWER_TIMEOUT_S):
            raise TimeoutError("this worker was not told of a load: it must be connected before the test begins")
        return self._ask("load-claim", {"kind": kind.value})

    def seen(self, name: str, lines: Sequence[str]) -> None:
        """Keep lines of an engine's trace for the next report."""
        self._lines[name].extend(lines)

    def ended(self, name: str, code: int) -> None:
        """Keep the end of an engine for the next report; all its lines were seen."""
        self._codes[name] = code

    def trouble(self, what: str) -> None:
        """Keep why a user cannot do its work for the next report."""
        self._troubles.append(what)

    def tell(self) -> None:
        """Report at once; where engines run beside whoever decides, it looks itself."""
        if not self.decides and (self._lines or self._codes or self._troubles):
            started_ns = self._fleet.started_ns if self._fleet else NO_TEST
            self._runner.send_message("load-report", {**self._report(), "started_ns": started_ns})

    def _report(self) -> dict[str, object]:
        told: dict[str, object] = {"lines": dict(self._lines), "codes": self._codes, "troubles": self._troubles}
        self._forget()
        return told

    def _forget(self) -> None:
        self._lines: defaultdict[str, list[str]] = defaultdict(list)
        self._codes: dict[str, int] = {}
        self._troubles: list[str] = []

    def _begun(self, msg: Any, **_: object) -> None:
        """Prepare a fleet in a place of its own, that needs nothing of the one who decides but its messages."""
        self._ready.clear()
        self._forget()
        self._place = TemporaryDirectory(prefix="load-")  # the one before goes with it
        order = replace(LoadOrder.from_json(msg.data["order"]), folder=self._place.name)
        self._fleet = Fleet(order=order, started_ns=msg.data["started_ns"])
        gevent.spawn(self._agree_on_time, elsewhere=msg.data["machine"] != clock.machine())

    def _agree_on_time(self, *, elsewhere: bool) -> None:
        self.difference = clock.difference(self._exchange() for _ in range(EXCHANGES)) if elsewhere else Difference()
        self.fleet.clock_offset_ns = self.difference.ns
        self._runner.send_message("load-clock", {"uncertainty_ns": self.difference.uncertainty_ns})
        self._ready.set()

    def _exchange(self) -> Exchange:
        asked_ns = time.monotonic_ns()
        said_ns = self._ask("load-time", {})
        return Exchange(asked_ns=asked_ns, said_ns=said_ns, answered_ns=time.monotonic_ns())

    def _ask(self, name: str, question: dict[str, object]) -> int:
        ticket, answer = next(self._tickets), AsyncResult()
        self._answers[ticket] = answer
        self._runner.send_message(name, {**question, "ticket": ticket})
        return int(answer.get(timeout=ANSWER_TIMEOUT_S))

    def _answered(self, msg: Any, **_: object) -> None:
        self._answers.pop(msg.data["ticket"]).set(msg.data["value"])

    def _pace_came(self, msg: Any, **_: object) -> None:
        if self._fleet is None:
            return
        with (self.folder / pace.FILE).open("ab", buffering=0) as file:
            file.write(msg.data["lines"].encode())

    def _finish_producers(self, **_: object) -> None:
        if self._fleet is not None:  # a worker that came too late has none
            self._fleet.finish_producers()

    def _finish_consumers(self, **_: object) -> None:
        if self._fleet is not None:
            self._fleet.finish_consumers()


_links: WeakKeyDictionary[Environment, Link] = WeakKeyDictionary()


def tie(environment: Environment) -> Link:
    """Give a process of Locust its link."""
    _links[environment] = Link(environment)
    return _links[environment]


def link_of(environment: Environment) -> Link:
    """Return the link of a process of Locust."""
    return _links[environment]
