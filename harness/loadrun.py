"""A load run: Locust is launched beside the harness, its engines work, and the brain sets their pace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.brain import Brain, Tried
from harness.checkers.load import drain
from harness.checkers.load.resources import Documented
from harness.clients.engine.orders import CONTROL, LoadOrder
from harness.cluster.pods import Cluster
from harness.disturbing import Undisturbed
from harness.measuring.follower import Follower
from harness.measuring.knee import Next, Outcome
from harness.measuring.ledger import Ledger
from harness.measuring.plan import Profile, Purpose
from harness.measuring.result import LoadResult, Recording, Second
from harness.observers import observing
from harness.runclock import RunClock
from harness.verdict import Inconclusive, Verdict
from harness.waiting import TimedOut, wait_until

ROOT = Path(__file__).parent.parent
LOCUSTFILE = ROOT / "load" / "locustfile.py"
LOG = "locust.log"
STOP_BUDGET_S = 20


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a load left: its trials, what came of its course, and the ledger of each engine by name."""

    profile: Profile
    tried: tuple[Tried, ...]
    outcome: Outcome
    ledgers: Mapping[str, Ledger]
    seconds: tuple[Second, ...]

    @property
    def result(self) -> LoadResult:
        """The trial that the plan ends with."""
        return self.tried[-1].judged.result


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where a load takes place: on which topic of which cluster, what is documented of it, and what it may write."""

    cluster: Cluster
    topic: str
    documented: Documented | None
    most_records: int
    calm: Undisturbed


def run_load(
    profile: Profile,
    *,
    ground: Ground,
    folder: Path,
    clock: RunClock,
    say: Callable[[Next, Recording], None] = lambda *_: None,
) -> Load:
    """Run the course of a profile on a topic that is empty and has its partitions, and return what was seen.

    Brokers and this machine are observed meanwhile. Raises Inconclusive when the load itself broke down.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = LoadOrder(
        bootstrap=ground.cluster.bootstrap,
        topic=ground.topic,
        traffic=profile.traffic,
        drain_s=profile.drain_s,
        folder=str(folder),
    )
    order.write(folder / "order.json")
    follower = Follower(folder=folder)
    given = ("--load-order", str(folder / "order.json"))
    observers = observing(ground.cluster, pods=ground.calm.pods, clock=clock, folder=folder)
    with observers as observed, locust(LOCUSTFILE, *given, folder=folder) as child:
        brain = Brain(
            profile=profile,
            folder=folder,
            clock=clock,
            observed=observed,
            documented=ground.documented,
            new_frames=follower.new_frames,
            has_ended=lambda: child.poll() is not None,
            most_records=ground.most_records,
            say=_both(ground.calm, say),
            may_end=ground.calm.is_over,
        )
        outcome = brain.run()
        _await_end(child, budget_s=STOP_BUDGET_S + 2 * profile.drain_s, log=folder / LOG)
    follower.new_frames()
    _require_whole(folder)
    return Load(
        profile=profile,
        tried=tuple(brain.tried),
        outcome=drain.with_rates(explained(outcome, brain.tried), (tried.judged.result for tried in brain.tried)),
        ledgers=follower.ledgers,
        seconds=tuple(brain.seconds),
    )


def explained(outcome: Outcome, tried: Sequence[Tried]) -> Outcome:
    """Add to an outcome that is not PASS what was seen in the last trial that ended like it."""
    alike = [one for one in tried if one.step.purpose is not Purpose.WARM_UP and one.judged.verdict is outcome.verdict]
    if outcome.verdict is Verdict.PASS or not alike:
        return outcome
    return replace(outcome, reason=f"{outcome.reason} ({alike[-1].judged.reason})")


def _both(calm: Undisturbed, say: Callable[[Next, Recording], None]) -> Callable[[Next, Recording], None]:
    def look(step: Next, recording: Recording) -> None:
        if step.purpose is not Purpose.WARM_UP:
            calm.look(recording)
        say(step, recording)

    return look


def _require_whole(folder: Path) -> None:
    """Raise unless every engine ended well: the ledger of one that broke down says nothing."""
    control = json.loads((folder / CONTROL).read_text(encoding="utf-8"))
    broken = {name: code for name, code in control["engines"].items() if code != 0}
    if broken or not control["engines"]:
        raise Inconclusive(f"engines of the load broke down: {broken or 'none was started'}, see {folder}")


@contextmanager
def locust(locustfile: Path, *options: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Locust without a window for the length of a `with` block; its output and its page stay in the report."""
    argv = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--only-summary"]
    argv += ["--html", str(folder / "locust.html"), *options]
    with (folder / LOG).open("w", encoding="utf-8") as file:
        child = subprocess.Popen(argv, cwd=ROOT, env=environment(), stdout=file, stderr=subprocess.STDOUT)
        try:
            yield child
        finally:
            _stop(child)


def environment() -> dict[str, str]:
    """Return the environment in which Locust finds the load and says at once what it has to say."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def _await_end(child: subprocess.Popen[bytes], *, budget_s: float, log: Path) -> None:
    try:
        wait_until(lambda: child.poll() is not None, what="the end of the load", timeout_s=budget_s)
    except TimedOut as late:
        raise Inconclusive(f"{late}; Locust said last: {tail(log)}") from late
    if child.returncode != 0:
        raise Inconclusive(f"Locust ended with {child.returncode}: {tail(log)}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End Locust if it still runs; its engines notice and end, too."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=STOP_BUDGET_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def tail(log: Path) -> str:
    """Return what Locust said last."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return " / ".join(line.strip() for line in lines[-5:] if line.strip()) or "nothing"
