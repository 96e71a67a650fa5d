"""Listeners: what is done at which event of Locust; to import this module is to listen."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import gevent
from locust import events, stats
from locust.env import Environment

from harness.clients.engine.orders import LoadOrder
from harness.errors import HarnessError
from load import options
from load.control import control_of, control_over
from load.link import link_of, tie
from load.muster import obey
from load.shapes import EndOfLoad, Held, WholeCrew

stats.PERCENTILES_TO_CHART = [0.5, 0.95, 0.99]


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_options(parser: ArgumentParser) -> None:
    options.add_to(parser)


@events.init.add_listener  # type: ignore[untyped-decorator]
def _equip(environment: Environment, **_: object) -> None:
    """Tie this process to the load; wrong options end the one that decides before anything is started."""
    link = tie(environment)
    control = control_over(environment, link)
    given: Any = environment.parsed_options
    if given.load_order:
        environment.user_classes[:] = obey(environment.user_classes, LoadOrder.read(Path(given.load_order)))
        _shape(environment, EndOfLoad())
    elif environment.shape_class is None:
        _shape(environment, Held())
    if link.decides:
        try:
            control.ask()
        except HarnessError as error:
            sys.stderr.write(f"locust: {error}\n")
            sys.exit(int(error.exit_code))
        if given.headless and environment.runner is not None:
            # Without its page Locust hears no request to end before its shape has ended.
            gevent.signal_handler(signal.SIGTERM, environment.runner.quit)


def _shape(environment: Environment, shape: WholeCrew) -> None:
    environment.shape_class, shape.runner = shape, environment.runner


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]
def _finish(environment: Environment, **_: object) -> None:
    if link_of(environment).decides:
        control_of(environment).finish()


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def _conclude(environment: Environment, **_: object) -> None:
    if link_of(environment).decides:
        control_of(environment).be_over()


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _quit(environment: Environment, **_: object) -> None:
    """End a test that Locust is made to leave in the midst as any other: in order, judged, its topic deleted."""
    if link_of(environment).decides and environment.runner is not None:
        environment.runner.stop()
