"""A field: where one schedule is carried out, with topics and traffic of its own on a cluster that is deployed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from harness import protocols
from harness.checkers.exactly_once import Pipeline
from harness.clients.admin import Admin
from harness.clients.company import Transactions
from harness.clients.traffic import Load, Traffic
from harness.cluster.pods import Cluster
from harness.families import Catalogue, Ground
from harness.run import Run
from harness.steady_state import await_steady_state

PARTITIONS = 6
RATE_HZ = 20.0


@dataclass(frozen=True, kw_only=True)
class Field:
    """What a schedule is carried out on; `known` are the families of faults that there are here."""

    ground: Ground
    traffic: protocols.Traffic
    pipeline: Pipeline
    known: Catalogue


class Fields(Protocol):
    """Whoever has a field for each schedule that is tried."""

    def open(self) -> AbstractContextManager[Field]:
        """Return a field of its own, which is cleared when the block is left."""

    def facts(self) -> Mapping[str, object]:
        """Return what is to be known of all fields that there were."""


def load_on(topic: str, *, partitions: int, rate_hz: float) -> tuple[Load, Transactions]:
    """Return the traffic of a field: plain and transactional producers, a transformer, readers of every kind."""
    company = Transactions(name=topic, target=f"{topic}-out")
    return Load(topic=topic, partitions=partitions, rate_per_partition_hz=rate_hz, transactions=company), company


class LiveFields:
    """Fields on a deployed cluster: new topics each time, deleted afterwards."""

    def __init__(self, cluster: Cluster, *, run: Run, known: Catalogue) -> None:
        self._cluster, self._run, self._known = cluster, run, known
        self._admin = Admin(cluster.bootstrap)
        self._numbers = itertools.count()

    def facts(self) -> Mapping[str, object]:
        return {}

    @contextmanager
    def open(self) -> Iterator[Field]:
        settings, admin = self._run.settings, self._admin
        topic = f"chaos-{settings.run_id[-4:]}-{next(self._numbers)}"
        load, company = load_on(topic, partitions=PARTITIONS, rate_hz=RATE_HZ)
        admin.warm_up_transactions()
        try:
            for name in load.topics:
                admin.create_topic(name, partitions=PARTITIONS, replication_factor=3)
            await_steady_state(self._cluster, admin, before="the schedule")
            path = settings.report_dir / "histories" / f"{topic}.jsonl"
            yield Field(
                ground=Ground(cluster=self._cluster, admin=admin, topic=topic, company=company),
                traffic=Traffic(load, bootstrap=self._cluster.bootstrap, journal_path=path, clock=self._run.clock),
                pipeline=pipeline_of(load, company),
                known=self._known,
            )
        finally:
            for name in load.topics:
                admin.delete_topic(name)


def pipeline_of(load: Load, company: Transactions) -> Pipeline:
    """Return the transformation whose every step must happen once."""
    (target,) = company.targets
    return Pipeline(source=load.topic, target=target, group=company.transforming_group)
