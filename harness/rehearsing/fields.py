"""The fields of a rehearsal: each schedule has an in-memory cluster of its own, made from the same seed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.families import Catalogue, Ground
from harness.field import Field, load_on, pipeline_of
from harness.rehearsal.bugs import Bug
from harness.rehearsing.admin import RehearsedAdmin
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.cluster import RehearsedCluster
from harness.rehearsing.staging import Casting, set_stage
from harness.rehearsing.traffic import RehearsedTraffic
from harness.run import Run

PARTITIONS = 2
RATE_HZ = 50.0
"""Few partitions and a quick pace: virtual time passes soonest so, and a search tries more."""


class RehearsedFields:
    """Fields of a rehearsal; what happens in one depends on the seed, the bugs and the schedule alone."""

    def __init__(self, clock: RehearsalClock, *, run: Run, known: Catalogue, bugs: frozenset[Bug]) -> None:
        self._clock, self._run, self._known, self._bugs = clock, run, known, bugs
        self._numbers = itertools.count()
        self._struck: Counter[Bug] = Counter()

    def facts(self) -> Mapping[str, object]:
        """Return how often each planted bug struck: one that never did has shown nothing."""
        return {f"{bug.name.lower()}_struck": self._struck[bug] for bug in sorted(self._bugs, key=lambda bug: bug.name)}

    @contextmanager
    def open(self) -> Iterator[Field]:
        stage = set_stage(Casting(seed=self._run.settings.seed, bugs=self._bugs), self._clock)
        cluster = RehearsedCluster(stage.cluster)
        admin = RehearsedAdmin(cluster)
        load, company = load_on("chaos", partitions=PARTITIONS, rate_hz=RATE_HZ)
        for name in load.topics:
            admin.create_topic(name, partitions=PARTITIONS, replication_factor=3)
        path = self._run.settings.report_dir / "histories" / f"chaos-{next(self._numbers)}.jsonl"
        yield Field(
            ground=Ground(cluster=cluster, admin=admin, topic=load.topic, company=company),
            traffic=RehearsedTraffic(load, stage=stage, clock=self._clock, path=path),
            pipeline=pipeline_of(load, company),
            known=self._known,
        )
        self._struck.update(stage.world.fired)
