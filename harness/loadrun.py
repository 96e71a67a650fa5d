"""A load run: Locust is launched beside the harness, its engines work, and what they wrote is collected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.clients.engine.orders import CONTROL, LoadOrder
from harness.cluster.pods import Cluster
from harness.measuring import trace
from harness.measuring.ledger import Ledger
from harness.measuring.plan import Purpose, Sizing
from harness.measuring.result import SLACK_S, Collector, LoadResult, Recording
from harness.measuring.usage import Observed
from harness.observers import observing
from harness.runclock import NS_PER_S, RunClock
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

ROOT = Path(__file__).parent.parent
LOCUSTFILE = ROOT / "load" / "locustfile.py"
START_BUDGET_S = 30
STOP_BUDGET_S = 10


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a load left: its one trial, and the ledgers of all its engines."""

    sizing: Sizing
    result: LoadResult
    ledgers: tuple[Ledger, ...]


def run_load(sizing: Sizing, *, cluster: Cluster, topic: str, folder: Path, clock: RunClock) -> Load:
    """Put the expected load on a topic that is empty and has the expected partitions, and return what was seen.

    Brokers and this machine are observed meanwhile. Raises Inconclusive when the load itself broke down.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = _order(sizing, bootstrap=cluster.bootstrap, topic=topic, folder=folder)
    order.write(folder / "order.json")
    budget_s = START_BUDGET_S + order.duration_s + 2 * order.drain_s
    with observing(cluster, clock=clock) as observed:
        _run_locust(folder, budget_s=budget_s)
    return collect(folder, sizing=sizing, clock=clock, observed=observed)


def collect(folder: Path, *, sizing: Sizing, clock: RunClock, observed: Observed) -> Load:
    """Read what the engines and Locust left in a folder."""
    control = json.loads((folder / CONTROL).read_text(encoding="utf-8"))
    broken = {name: code for name, code in control["engines"].items() if code != 0}
    if broken or not control["engines"]:
        raise Inconclusive(f"engines of the load broke down: {broken or 'none was started'}, see {folder}")
    seen = trace.read(folder)
    begun_s = (control["started_ns"] - clock.started_ns) / NS_PER_S
    recording = Recording(
        number=1,
        purpose=Purpose.HOLD,
        rate_hz=sizing.expectation.records_per_s,
        begun_s=begun_s,
        from_s=begun_s + sizing.trial.warm_up_s,
    )
    collector = Collector(engines=len(control["engines"]), groups=1, clock_started_ns=clock.started_ns)
    until_s = recording.from_s + sizing.trial.measured_s
    for second, frame in (*collector.add(seen.frames), *collector.rest()):
        if second.time_s <= until_s + SLACK_S:
            recording.take(second, frame)
    result = recording.result(objectives=sizing.objectives, limits=sizing.generator, observed=observed)
    whole = replace(result, trial=replace(result.trial, until_s=until_s))
    return Load(sizing=sizing, result=whole, ledgers=seen.ledgers)


def _order(sizing: Sizing, *, bootstrap: str, topic: str, folder: Path) -> LoadOrder:
    expected = sizing.expectation
    return LoadOrder(
        bootstrap=bootstrap,
        topic=topic,
        partitions=expected.partitions,
        record_bytes=expected.record_bytes,
        linger_ms=expected.linger_ms,
        rate_hz=expected.records_per_s,
        duration_s=sizing.trial.duration_s,
        drain_s=sizing.trial.drain_s,
        producers=expected.producers,
        consumers=expected.consumers,
        folder=str(folder),
    )


def _run_locust(folder: Path, *, budget_s: float) -> None:
    """Run Locust without a window until the load has ended; its output stays in the report."""
    log = folder / "locust.log"
    argv = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"]
    argv += ["--load-order", str(folder / "order.json"), "--html", str(folder / "locust.html")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with log.open("w", encoding="utf-8") as file:
        child = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            _await_end(lambda: child.poll() is not None, budget_s=budget_s, log=log)
        finally:
            _stop(child)
    if child.returncode != 0:
        raise Inconclusive(f"Locust ended with {child.returncode}: {_tail(log)}")


def _await_end(ended: Callable[[], bool], *, budget_s: float, log: Path) -> None:
    try:
        wait_until(ended, what="the end of the load", timeout_s=budget_s)
    except TimedOut as late:
        raise Inconclusive(f"{late}; Locust said last: {_tail(log)}") from late


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End Locust if it still runs; its engines notice and end, too."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=STOP_BUDGET_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").splitlines()
    return " / ".join(line.strip() for line in lines[-5:] if line.strip()) or "nothing"
