"""FAIL: whoever coordinates groups and transactions ends, again and again, and their work goes on."""

from __future__ import annotations

from chaos.process import ForcedDelete
from harness import budget
from harness.budget import LiveTimeouts
from harness.checkers import transactions, windows
from harness.claims import Level, clause
from harness.clients.admin import Admin
from harness.clients.company import Transactions
from harness.clients.traffic import Load, throughput
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.histories.pace import acknowledged_s
from harness.history_verdict import verdict_on
from harness.run import Run
from harness.trial import aftermath, steady_traffic, strike
from harness.victims import Scene, TransactionCoordinator, the
from suites.groups.handover import CoordinatorEnds
from suites.groups.workshop import OpenWorkshop
from suites.transactions.coordinators import coordinated_by_another

pytest_plugins = ("suites.groups.fixtures",)

PARTITIONS = 6
RATE_HZ = 20.0
KILLS = 3
ENOUGH_TRANSACTIONS = 10
ENOUGH_RECORDS = 100


@clause("FAIL-10", level=Level.CERTIFY)
def test_group_coordinators_end(
    steady: Cluster, admin: Admin, open_workshop: OpenWorkshop, run: Run, evidence: Evidence
) -> None:
    """Whoever coordinates a group at work can be deleted by force, three times over, and every record is given.

    GRP-06 again and again: who coordinates is asked before each kill, as the last one has moved it. Each time the pod
    must be another one (UID), another broker must lead the group's offsets within the bound, and the members must be
    given records again. Every acknowledged record must be given to a member; what had been committed may not be given
    again.
    """
    names = ("ann", "bob", "cid")
    with open_workshop(*names) as work:
        for number in range(1, KILLS + 1):
            part = Evidence()
            ending = CoordinatorEnds(steady, admin, work.company.topic, run=run, evidence=part)
            ending.begin()
            ending.await_another(work.settings.coordinator_lost())
            ending.prove_and_heal()
            work.await_records(ENOUGH_RECORDS)
            evidence.fact(**{f"kill_{number}": part.facts})
            evidence.events.extend(part.events)
    evidence.judge(*work.judge_delivery(evidence, crashed=frozenset(names)))


@clause("FAIL-11", level=Level.CERTIFY)
def test_transaction_coordinators_end(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, run: Run, evidence: Evidence
) -> None:
    """Whoever coordinates a producer's transactions can be deleted by force, three times over; each is seen whole.

    The traffic of TXN-01. Who coordinates the first producer's transactions is asked before each kill, as the last one
    has moved it; the next kill comes when every partition is in sync again. Each pod must be another one (UID), and
    transactions must have been under way each time. The budget is that of FAIL-04, as a coordinator may be the
    controller. The whole history of all clients is judged.
    """
    name = topic("txn-coordinators", partitions=PARTITIONS)
    prefix, _ = coordinated_by_another(admin, name)
    company = Transactions(name=prefix)
    allowed = budget.controller_deleted(LiveTimeouts.of(admin.broker_config(admin.controller())))
    load = Load(topic=name, partitions=PARTITIONS, rate_per_partition_hz=RATE_HZ, consumers=0, transactions=company)
    flow, scene = traffic(load), Scene(cluster=steady, admin=admin)
    spells: list[tuple[float, float]] = []
    with flow:
        steady_traffic(flow)
        for number in range(1, KILLS + 1):
            part = Evidence()
            fault = ForcedDelete(steady, the(TransactionCoordinator(company.writer_ids[0]), scene))
            spells.append(strike(fault, admin=admin, run=run, evidence=part))
            aftermath(flow)
            evidence.fact(**{f"kill_{number}": part.facts})
            evidence.events.extend(part.events)
    history = flow.settle()
    found = flow.windows(history, from_s=spells[0][0] - 1.0, until_s=flow.stopped_s)
    evidence.windows.extend(found)
    evidence.series.append(throughput(history))
    ops = flow.ops()
    evidence.judge(
        verdict_on(history, cluster=steady, admin=admin),
        *(transactions.overlap(ops, from_s=a, until_s=b, at_least=ENOUGH_TRANSACTIONS) for a, b in spells),
        windows.check(
            found,
            acknowledged=sum(map(len, acknowledged_s(history).values())),
            budget_s=allowed.seconds,
            budget_why=allowed.why,
            generator_lateness_s=flow.generator_lateness_s,
        ),
    )
