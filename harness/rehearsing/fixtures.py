"""The fixtures of a rehearsal: they stand in for those of a run on Kubernetes, and no clause sees a difference."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import pytest

from harness.clients.traffic import Load
from harness.rehearsal.bugs import Bug
from harness.rehearsal.stage import Stage
from harness.rehearsing.admin import RehearsedAdmin
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.cluster import NOT_HERE, RehearsedCluster
from harness.rehearsing.staging import Casting, set_stage
from harness.rehearsing.traffic import RehearsedTraffic
from harness.run import Run
from harness.verdict import Inconclusive
from harness.waiting import waiting_on


class RehearsalFixtures:
    """A pytest plugin: clauses of clients and faults are rehearsed, the others say that they are not.

    Each clause has a cluster of its own, from the run's seed and the clause's name, so that it happens alike whichever
    others run before it.
    """

    def __init__(self, clock: RehearsalClock, bugs: frozenset[Bug]) -> None:
        self._clock, self._bugs = clock, bugs

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Let whoever waits in a clause wait in virtual time."""
        with waiting_on(self._clock):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Refuse a clause whose clients are not the harness's own traffic before any of its fixtures is made."""
        if not isinstance(item, pytest.Function) or "traffic" not in item.fixturenames:
            raise Inconclusive(NOT_HERE)

    @pytest.fixture
    def stage(self, run: Run, request: pytest.FixtureRequest) -> Iterator[Stage]:
        """Return the clause's own in-memory Kafka; what a planted bug did there is an event of the run."""
        seed = zlib.crc32(f"{run.settings.seed} {request.node.name}".encode())
        stage = set_stage(Casting(seed=seed, bugs=self._bugs), self._clock)
        yield stage
        for bug in sorted(self._bugs, key=lambda bug: bug.name):
            run.event("planted", f"{bug.name} struck {stage.world.fired[bug]} times in {request.node.name}")

    @pytest.fixture
    def cluster(self, stage: Stage) -> RehearsedCluster:
        """Return the brokers as pods."""
        return RehearsedCluster(stage.cluster)

    @pytest.fixture
    def admin(self, cluster: RehearsedCluster) -> RehearsedAdmin:
        """Return the cluster's administration."""
        return RehearsedAdmin(cluster)

    @pytest.fixture
    def traffic(self, stage: Stage, run: Run, request: pytest.FixtureRequest) -> Callable[[Load], RehearsedTraffic]:
        """Return a factory of traffic; its history stays in the report."""

        def make(load: Load) -> RehearsedTraffic:
            path = run.settings.report_dir / "histories" / f"{request.node.name}-{load.topic}.jsonl"
            return RehearsedTraffic(load, stage=stage, clock=self._clock, path=path)

        return make
