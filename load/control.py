"""Control: how the process that decides begins a test, ends it in order, and says what came of it."""

from __future__ import annotations

import json
import logging
import time
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from locust.env import Environment

from harness.clients.engine.orders import CONTROL, LoadOrder
from harness.errors import HarnessError, UsageError
from harness.measuring import pace
from harness.verdict import Judgement
from harness.waiting import TimedOut, wait_until
from load import options
from load.link import Link
from load.muster import Muster, muster
from load.options import Asked
from load.outcome import CODES, Promise, judge
from load.topic import TopicKeeper

DRAIN_S = 15.0
"""How long answers and late records are waited for at the end."""

OUTCOME = "outcome.json"
ORDER = "order.json"
RECORD_OVERHEAD_BYTES = 70
LOG = logging.getLogger("load")


class Control:
    """The tests of one Locust, one after the other; each has a folder and a topic of its own."""

    def __init__(self, environment: Environment, link: Link) -> None:
        self._environment, self.link = environment, link
        self._asked: Asked | None = None
        self._muster = Muster(users=0, producers=0, consumers=0)
        self._keeper: TopicKeeper | None = None
        self.is_ending = False
        """Whether the test is on its way to its end, or over, while its users are still there."""

    @property
    def users(self) -> int:
        return self._muster.users

    @property
    def asked(self) -> Asked:
        """What is asked of the test that goes on, or of the next one."""
        if self._asked is None:
            self._asked = self.ask()
        return self._asked

    def ask(self) -> Asked:
        """Read the options as they are now, on the command line or on the page; UsageError if they cannot be met."""
        asked = options.asked(self._environment.parsed_options)  # type: ignore[arg-type]
        if asked.order is None:
            self._muster_for(asked)
            self._brokers()
        return asked

    def begin(self) -> bool:
        """Make the topic and begin the load; say whether it began. Why not is told, and becomes the exit code."""
        try:
            self._asked = self.ask()
            order = self._given(self._asked.order) if self._asked.order else self._made(self._asked)
        except HarnessError as error:
            LOG.error("The load did not begin: %s.", error)
            self._environment.process_exit_code = int(error.exit_code)
            return False
        self._muster = muster(self._environment.user_classes)
        self.link.begin(order, producers=self._muster.producers, consumers=self._muster.consumers)
        return True

    def finish(self) -> None:
        """Bring a test that is stopped, by its shape or by hand, to an end in order before any user is stopped.

        It is concluded at once, for the page offers a new test as soon as the users are gone. Only one that broke down
        is concluded later: its engines have to be stopped first.
        """
        if not self.link.is_begun:
            return
        self.is_ending = True
        if self.asked.order is None and self.link.crew.codes and not self.link.ended_ns:
            gone = ", ".join(sorted(self.link.crew.codes))
            self.link.crew.troubles.append(
                f"got engines that ended before the load did ({gone}), expected each to stay: did a worker join late?"
            )
        self.link.finish(time.monotonic_ns())
        with suppress(TimedOut):
            wait_until(self.link.may_end, what="the end of the load", timeout_s=self.link.fleet.ending_s)
        if self.link.crew.has_ended():
            self.conclude()

    def be_over(self) -> None:
        """Conclude a test that was not yet, and be ready for the next one."""
        self.conclude()
        self.is_ending = False

    def conclude(self) -> None:
        """Judge the load, leave what the engines cannot know, delete the topic, and set Locust's exit code."""
        if self.link.is_begun:
            self.link.gather()
            said = judge(self.link.crew, self.asked.objective, promise=self._promise())
            self._leave(said)
            self._environment.process_exit_code = int(CODES[said.verdict])
        self.link.end()
        if self._keeper is not None:
            self._keeper.end()
            self._keeper = None

    def is_too_much(self) -> bool:
        """Say whether more was written than is allowed, on a broker that has all of it."""
        total = self.link.crew.total
        if total is None or self.asked.order is not None:
            return False
        return total.acknowledged_bytes + RECORD_OVERHEAD_BYTES * total.acknowledged > self.asked.most_bytes

    def _given(self, path: Path) -> LoadOrder:
        order = LoadOrder.read(path)
        if (Path(order.folder) / CONTROL).exists():
            raise UsageError(f"the load of {path} is over", remedy="an order is carried out once: write another one")
        return order

    def _made(self, asked: Asked) -> LoadOrder:
        folder = _fresh(asked.folder)
        order = LoadOrder(
            bootstrap=self._brokers(),
            topic=asked.topic,
            traffic=self._muster_for(asked).traffic(asked),
            drain_s=DRAIN_S,
            folder=str(folder),
        )
        order.write(folder / ORDER)
        self._keeper = TopicKeeper(folder / ORDER)
        return order

    def _muster_for(self, asked: Asked) -> Muster:
        found = muster(self._environment.user_classes)
        found.traffic(asked)
        return found

    def _brokers(self) -> str:
        """Return where the load goes: --host, or what the user classes say."""
        hosts = {user.host for user in self._environment.user_classes if hasattr(user, "readers")}
        if len(hosts) > 1 and not self._environment.host:
            raise UsageError(f"got users of several hosts {hosts}", remedy="give them one: there is one topic")
        return options.brokers(self._environment.host or next(iter(hosts), None))

    def _promise(self) -> Promise | None:
        """Return what the load is held to; nothing for one whose pace somebody else set, and judges."""
        if self.asked.order is not None:
            return None
        return Promise(
            pace=pace.read(self.link.folder),
            started_ns=self.link.fleet.started_ns,
            ended_ns=self.link.ended_ns,
            traffic=self.link.fleet.order.traffic,
        )

    def _leave(self, said: Judgement) -> None:
        link = self.link
        codes = {name: link.crew.codes.get(name) for name in link.crew.owners}
        control = {"started_ns": link.fleet.started_ns, "cpu_s": time.process_time(), "engines": codes}
        (link.folder / CONTROL).write_text(json.dumps(control), encoding="utf-8")
        outcome: dict[str, Any] = {"verdict": said.verdict.value, "reason": said.reason, **_clocks(link)}
        (link.folder / OUTCOME).write_text(json.dumps(outcome, indent=1), encoding="utf-8")
        level = logging.ERROR if CODES[said.verdict] else logging.INFO
        LOG.log(level, "%s.", "; ".join([f"{said.verdict.value}: {said.reason}", *_clocks(link).values()]))
        LOG.info("What the engines left is in %s", link.folder)


def _clocks(link: Link) -> dict[str, str]:
    if not link.uncertainty_ns:
        return {}
    return {"clocks": f"several machines: a time to a delivery may be wrong by {link.uncertainty_ns / 1e6:.2f} ms"}


def _fresh(parent: Path) -> Path:
    """Make a folder that no other test has."""
    name = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    for folder in (parent / (f"{name}-{number}" if number else name) for number in count()):
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as refused:
            raise UsageError(
                f"got --load-folder {parent}: {refused.strerror}", remedy="name a folder that can be written to"
            ) from refused
        return folder.resolve()
    raise AssertionError("numbers do not end")


_controls: WeakKeyDictionary[Environment, Control] = WeakKeyDictionary()


def control_over(environment: Environment, link: Link) -> Control:
    """Give a process of Locust its control."""
    _controls[environment] = Control(environment, link)
    return _controls[environment]


def control_of(environment: Environment) -> Control:
    """Return the control of a process of Locust."""
    return _controls[environment]
