"""What a worker on another machine runs: its clock and that of its engines are days ahead of the master's."""

from __future__ import annotations

import time

from load import clock, fleet
from tests.load.far_engine import there_ns
from tests.load.pacing_locustfile import Orders

__all__ = ["Orders"]

fleet.PRODUCE = fleet.CONSUME = "tests.load.far_engine"
clock.machine = lambda: "another kernel"
time.monotonic_ns = there_ns
