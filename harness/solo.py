"""Solo: one engine works by itself beside the harness, as ordered, and leaves its trace and what CPU it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.clients.engine.orders import ConsumerOrder, ProducerOrder
from harness.measuring import trace
from harness.measuring.trace import Trace
from harness.runclock import NS_PER_S
from harness.verdict import Inconclusive

Order = ProducerOrder | ConsumerOrder
MODULES: dict[type[Order], str] = {
    ProducerOrder: "harness.clients.engine.produce",
    ConsumerOrder: "harness.clients.engine.consume",
}
LEAD_S = 3.0
"""From the order to its start: the process starts and connects in this time, and is not measured yet."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What one engine left: its trace, the time since its order's start, and the CPU of its whole process."""

    trace: Trace
    elapsed_s: float
    cpu_s: float


def fresh(folder: Path) -> Path:
    """Make the folder of one engine; its traces are never mixed with another's."""
    folder.mkdir(parents=True)
    return folder


def work(order: Order, *, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> Done:
    """Run an engine until so long after its order's start, and let it finish in order.

    `meanwhile` is done while it works; should that take longer, the engine works on. One that ends by itself, or in
    another way than in order, has shown nothing: that is Inconclusive.
    """
    path = Path(order.trace).with_name("order.json")
    order.write(path)
    child = subprocess.Popen([sys.executable, "-m", MODULES[type(order)], str(path)])
    try:
        meanwhile()
        _wait(child, until_ns=order.started_ns + int(seconds * NS_PER_S), folder=path.parent)
        child.terminate()
        _, status, used = os.wait4(child.pid, 0)
        elapsed_s = (time.monotonic_ns() - order.started_ns) / NS_PER_S
        child.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()
    if child.returncode != 0:
        raise Inconclusive(f"{order.name} ended with {child.returncode}, see {path.parent}")
    return Done(trace=trace.read(path.parent), elapsed_s=elapsed_s, cpu_s=used.ru_utime + used.ru_stime)


def _wait(child: subprocess.Popen[bytes], *, until_ns: int, folder: Path) -> None:
    try:
        early = child.wait(timeout=max(0.1, (until_ns - time.monotonic_ns()) / NS_PER_S))
    except subprocess.TimeoutExpired:
        return
    raise Inconclusive(f"an engine ended with {early} before it was told to, see {folder}")
