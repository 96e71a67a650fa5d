"""EOS: what is consumed, transformed and produced in transactions happens exactly once, whoever dies."""

from __future__ import annotations

import pytest

from chaos.process import CrashInPlace
from harness import budget
from harness.budget import LiveTimeouts
from harness.checkers import exactly_once, transactions
from harness.checkers.exactly_once import Pipeline
from harness.claims import Level, clause
from harness.clients.admin import Admin
from harness.clients.company import Transactions
from harness.clients.traffic import Load, Traffic
from harness.clients.transactional import Habit
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.history_verdict import verdict_on
from harness.run import Run
from harness.trial import survive
from harness.verdict import Judgement
from suites.transactions.coordinators import coordinated_by_one, require_coordinators

PARTITIONS = 6
RATE_HZ = 20.0
ENOUGH_TRANSACTIONS = 10
COMINGS_AND_GOINGS_RECORDS = 300


@pytest.fixture
def source(topic: TopicFactory) -> str:
    """Return the topic that is consumed."""
    return topic("eos-in", partitions=PARTITIONS)


@pytest.fixture
def target(topic: TopicFactory) -> str:
    """Return the topic that is produced to."""
    return topic("eos-out", partitions=PARTITIONS)


@clause("EOS-01")
def test_crash_of_the_coordinators(
    steady: Cluster,
    admin: Admin,
    source: str,
    target: str,
    traffic: TrafficFactory,
    run: Run,
    evidence: Evidence,
) -> None:
    """When the broker that coordinates a transformer and its group crashes, each record is transformed exactly once.

    Idempotent and transactional producers write to six partitions. A member of a group consumes, transforms each
    record, produces the results to another topic and commits its progress in the same transaction; every tenth
    transaction is aborted, and every fortieth is left open by a client that falls silent and is succeeded by another
    one with the same transactional id. The broker that is the coordinator of both, and leads partitions, crashes in
    place. In the end each record that was committed to the first topic must have exactly one result in the other, up to
    the group's progress, which must have reached the end; and the whole history of all clients is judged.
    """
    name, broker = coordinated_by_one(admin, source)
    live = LiveTimeouts.of(admin.broker_config(admin.controller()))
    company = Transactions(name=name, target=target)
    flow = traffic(_load(source, company))
    trial = survive(
        CrashInPlace(steady, steady.broker_pod(broker)),
        cluster=steady,
        traffic=flow,
        admin=admin,
        run=run,
        evidence=evidence,
        budget=budget.crash(live),
    )
    evidence.fact(coordinator=broker)
    ops = flow.ops()
    evidence.judge(
        *trial.judgements,
        transactions.overlap(ops, from_s=trial.injected_s, until_s=trial.healed_s, at_least=ENOUGH_TRANSACTIONS),
        _whole_way(flow, company),
    )


@clause("EOS-02", level=Level.CERTIFY)
def test_transformers_come_and_go(
    steady: Cluster, admin: Admin, source: str, target: str, traffic: TrafficFactory, evidence: Evidence
) -> None:
    """When the members of a transforming group come and go, each record is transformed exactly once.

    As EOS-01, with two members and without a fault of the cluster: every tenth transaction is left open by a member
    that falls silent, so that its share goes to the other one and comes back, and every seventh is aborted.
    """
    require_coordinators(admin)
    habit = Habit(abort_every=7, abandon_every=10)
    company = Transactions(name=source, target=target, transformers=2, transformer_habit=habit)
    flow = traffic(_load(source, company))
    with flow:
        flow.await_acknowledgements(COMINGS_AND_GOINGS_RECORDS, timeout_s=90)
    history = flow.settle()
    evidence.judge(verdict_on(history, cluster=steady, admin=admin), _whole_way(flow, company))


def _load(source: str, company: Transactions) -> Load:
    return Load(topic=source, partitions=PARTITIONS, rate_per_partition_hz=RATE_HZ, consumers=0, transactions=company)


def _whole_way(flow: Traffic, company: Transactions) -> Judgement:
    """Judge what became of each record on its way."""
    pipeline = Pipeline(source=flow.load.topic, target=company.targets[0], group=company.transforming_group)
    return exactly_once.check(flow.ops(), pipeline)
