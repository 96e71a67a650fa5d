"""TXN: a transaction is seen whole or not at all, whatever becomes of brokers and of those who write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete
from harness import budget
from harness.budget import LiveTimeouts
from harness.checkers import exactly_once, transactions
from harness.checkers.exactly_once import Pipeline
from harness.claims import Level, clause, expect_within
from harness.clients.admin import Admin
from harness.clients.company import Transactions
from harness.clients.consumer import bounds, read_everything
from harness.clients.doomed import DoomedProducer
from harness.clients.places import key_of
from harness.clients.settings import Isolation, transactional_producer
from harness.clients.traffic import Load, throughput
from harness.clients.transaction import Ending, Fate, Intent, TransactionalClient, begin, note_end, transact
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.guards import overlap
from harness.histories import jsonl
from harness.histories.building import history_of
from harness.history_verdict import verdict_on
from harness.journal import Journal
from harness.ops import Op
from harness.run import Run
from harness.trial import aftermath, steady_traffic, strike, survive
from harness.verdict import Inconclusive, Judgement
from suites.transactions.coordinators import coordinated_by_another, require_coordinators

PARTITIONS = 6
RATE_HZ = 20.0
ENOUGH_TRANSACTIONS = 10
ENOUGH_SENDS = 100
LONG_S = 600.0
FEW_PARTITIONS = 3
ATTEMPTS = 20
SILENCE_S = 5.0
CHECKED_EVERY = "transaction.abort.timed.out.transaction.cleanup.interval.ms"
CHECKED_EVERY_MS = 10_000
"""What brokers do when they do not say otherwise: it is not among the settings that they report."""

MARKERS_S = 5.0
"""For a coordinator on half a CPU to write the abort to its own log and to those of the transaction."""

REFUSED = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})


@clause("TXN-01")
def test_crash_of_a_leader(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, run: Run, evidence: Evidence
) -> None:
    """When a leader that coordinates transactions crashes, each transaction is seen whole or not at all.

    Two producers write transactions of two to five records to six partitions, beside two idempotent producers. Every
    tenth transaction is aborted, and every twenty-fifth is left open by a client that falls silent and is succeeded by
    another one with the same transactional id. Readers of what is committed, of everything, and the two members of a
    group follow. A broker that coordinates transactions and leads partitions crashes in place. No reader of what is
    committed may ever be given a record of a transaction that was aborted or left open, or some records of a
    transaction and never the others; and the whole history of all clients is judged.
    """
    name = topic("txn-crash", partitions=PARTITIONS)
    prefix, broker = coordinated_by_another(admin, name)
    live = LiveTimeouts.of(admin.broker_config(admin.controller()))
    company = Transactions(name=prefix)
    load = Load(topic=name, partitions=PARTITIONS, rate_per_partition_hz=RATE_HZ, consumers=0, transactions=company)
    flow = traffic(load)
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
    )


@clause("TXN-05", level=Level.CERTIFY)
def test_ten_minutes_of_kills(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, run: Run, evidence: Evidence
) -> None:
    """Over ten minutes in which leaders end again and again, no anomaly of any kind is to be found.

    The traffic of TXN-01 with a transformer to a second topic. A broker that leads partitions, another one each time,
    is deleted, deleted by force and crashed in turn; the next one only when every partition is in sync again. Enough
    sends must overlap each fault, and the whole history of all clients is judged.
    """
    name, target = topic("txn-long", partitions=PARTITIONS), topic("txn-long-out", partitions=PARTITIONS)
    prefix, _ = coordinated_by_another(admin, name)
    company = Transactions(name=prefix, target=target)
    flow = traffic(Load(topic=name, partitions=PARTITIONS, rate_per_partition_hz=RATE_HZ, transactions=company))
    spells: list[tuple[float, float]] = []
    with flow:
        steady_traffic(flow)
        until_s = run.clock.now_s() + LONG_S
        for number, kind in enumerate(cycle((GracefulDelete, ForcedDelete, CrashInPlace))):
            part = Evidence()
            # Not the same way for the same broker each time: a container that crashes again is restarted later.
            fault = kind(steady, steady.broker_pod((number + number // 3) % len(steady.brokers)))
            spells.append(strike(fault, admin=admin, run=run, evidence=part))
            evidence.events.extend(part.events)
            aftermath(flow)
            if run.clock.now_s() >= until_s:
                break
    history = flow.settle()
    overlaps = [overlap(history, from_s=from_s, until_s=to_s, at_least=ENOUGH_SENDS) for from_s, to_s in spells]
    evidence.series.append(throughput(history))
    evidence.fact(faults=len(spells), overlapping_sends=[judged.measured["overlapping_sends"] for judged in overlaps])
    pipeline = Pipeline(source=name, target=target, group=company.transforming_group)
    whole_way = exactly_once.check(flow.ops(), pipeline)
    evidence.judge(verdict_on(history, cluster=steady, admin=admin), whole_way, *overlaps)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A topic of its own and a journal, for clauses that write their transactions one by one."""

    cluster: Cluster
    admin: Admin
    topic: str
    journal: Journal

    @property
    def bootstrap(self) -> str:
        return self.cluster.bootstrap

    def client(self, name: str, *, timeout_s: float = 60) -> TransactionalClient:
        """Return a client whose transactional id belongs to this topic; those of one name succeed each other."""
        transactional_id = f"{self.topic}-{name}"
        settings = transactional_producer(self.bootstrap, transactional_id=transactional_id, timeout_s=timeout_s)
        return TransactionalClient(settings)

    def doomed(self, name: str, intent: Intent, *, timeout_s: float) -> DoomedProducer:
        """Return a producer as a process of its own, to be killed in the middle of a transaction."""
        transactional_id = f"{self.topic}-{name}"
        settings = transactional_producer(self.bootstrap, transactional_id=transactional_id, timeout_s=timeout_s)
        return DoomedProducer(settings, intent)

    def intent(self, name: str, *, fate: Fate = Fate.COMMIT) -> Intent:
        """Return a transaction of one record for each partition."""
        keys = (key_of(self.topic, partition) for partition in range(FEW_PARTITIONS))
        return Intent(sends=tuple((key, name) for key in keys), fate=fate)

    def read_back(self) -> tuple[Op, ...]:
        """Read everything, as a reader of what is committed and as one of everything, and return the history."""
        for isolation in Isolation:
            read_everything(
                topics={self.topic: FEW_PARTITIONS},
                bootstrap=self.bootstrap,
                journal=self.journal,
                isolation=isolation,
            )
        self.journal.close()
        return tuple(jsonl.read(self.journal.path))

    def verdict(self, ops: Sequence[Op]) -> Judgement:
        """Judge the history for every anomaly."""
        return verdict_on(history_of(ops), cluster=self.cluster, admin=self.admin)


@pytest.fixture
def desk(steady: Cluster, admin: Admin, topic: TopicFactory, run: Run, request: pytest.FixtureRequest) -> Desk:
    """Return a desk on a new topic; its history stays in the report."""
    require_coordinators(admin)
    name = topic("txn", partitions=FEW_PARTITIONS)
    path: Path = run.settings.report_dir / "histories" / f"{request.node.name}-{name}.jsonl"
    return Desk(cluster=steady, admin=admin, topic=name, journal=Journal(path, clock=run.clock))


@clause("TXN-02")
def test_aborted_records_stay_hidden(desk: Desk, evidence: Evidence) -> None:
    """The records of an aborted transaction are never shown to a reader of what is committed.

    A producer writes twenty transactions to three partitions, and aborts every second one after its records are
    acknowledged. A reader of everything must find all records, so that they are known to be in the log. A reader of
    what is committed must be given each record of the others, and none of these.
    """
    with desk.client("writer") as client:
        client.take_over()
        for number in range(ATTEMPTS):
            intent = desk.intent(f"{number}", fate=Fate.ABORT if number % 2 else Fate.COMMIT)
            ending = transact(intent, client=client, process=0, journal=desk.journal)
            if not ending.usable:
                raise Inconclusive(f"transaction {number} ended with {ending.error}")
    ops = desk.read_back()
    evidence.fact(transactions=ATTEMPTS)
    evidence.judge(transactions.hidden(ops, transactions.aborted(ops)), desk.verdict(ops))


@clause("TXN-03")
def test_a_zombie_is_fenced(desk: Desk, evidence: Evidence) -> None:
    """A producer that was succeeded by another one with its transactional id can neither commit nor write any more.

    A producer has written records in a transaction and not committed them. Another one with the same transactional id
    takes over. The first one's commit must be refused as fenced, and the second one must be able to go on. The
    records of the first one must be in the log, and a reader of what is committed may never be given one.
    """
    zombie, heir = desk.client("shared"), desk.client("shared")
    with zombie, heir:
        zombie.take_over()
        left, ending = _leave_open(desk, zombie)
        heir.take_over()
        zombie.commit(ending)
        note_end(left, ending, client=zombie, process=0, journal=desk.journal)
        wanted = desk.intent("heir")
        went_on = transact(wanted, client=heir, process=1, journal=desk.journal)
    ops = desk.read_back()
    evidence.fact(zombie_told=_name(ending), heir_told=_name(went_on))
    _require_refused(ending, "a zombie")
    assert went_on.error is None, f"the successor was refused with {_name(went_on)}"
    evidence.judge(transactions.hidden(ops, frozenset(left.sends)), desk.verdict(ops))


@clause("TXN-04", level=Level.CERTIFY)
def test_an_abandoned_transaction_is_aborted(desk: Desk, admin: Admin, evidence: Evidence, run: Run) -> None:
    """A transaction whose producer fell silent is aborted after its time-out, not before, and readers go on.

    A producer with a transaction time-out of five seconds writes to three partitions and falls silent; another one
    then commits a transaction of one record for each. Readers of what is committed may not be given these before the
    time-out, because the transaction may still be committed, and must be given them after it, the interval at which
    coordinators look, and the time to write the abort. The silent one's commit, when it wakes up, must be refused, and
    its records may never be shown.
    """
    bound_s = _abort_bound_s(admin)
    with desk.client("silent", timeout_s=SILENCE_S) as silent:
        silent.take_over()
        opened_s = run.clock.now_s()
        left, ending = _leave_open(desk, silent)
        with desk.client("behind") as other:
            other.take_over()
            transact(desk.intent("behind"), client=other, process=1, journal=desk.journal)
        expect_within(_readers_go_on(desk), what="readers going on behind an abandoned transaction", budget_s=bound_s)
        waited_s = run.clock.now_s() - opened_s
        silent.commit(ending)
        note_end(left, ending, client=silent, process=0, journal=desk.journal)
    ops = desk.read_back()
    evidence.fact(waited_s=round(waited_s, 2), time_out_s=SILENCE_S, bound_s=bound_s, told=_name(ending))
    assert waited_s >= SILENCE_S, f"readers went on after {waited_s:.1f} s, before the time-out of {SILENCE_S:g} s"
    _require_refused(ending, "a producer whose transaction had timed out")
    evidence.judge(transactions.hidden(ops, frozenset(left.sends)), desk.verdict(ops))


@clause("TXN-06", level=Level.CERTIFY)
def test_a_killed_producer_leaves_nothing(desk: Desk, admin: Admin, evidence: Evidence, run: Run) -> None:
    """The transaction of a producer that is killed in the middle of it is aborted in time, and nobody reads of it.

    A producer with a transaction time-out of five seconds, a process of its own, writes to three partitions and is
    killed (SIGKILL) before it commits: nobody is left who could abort it. Another one then commits a transaction of one
    record for each. Readers of what is committed must be given these within the time-out, the interval at which
    coordinators look, and the time to write the abort. A reader of everything must find the killed one's records, so
    that they are known to be in the log; a reader of what is committed may never be given one.
    """
    bound_s = _abort_bound_s(admin)
    left = desk.intent("killed")
    with desk.doomed("killed", left, timeout_s=SILENCE_S) as doomed:
        begin(left, process=0, journal=desk.journal)
        ending = doomed.await_open()
        opened_s = run.clock.now_s()
        doomed.kill()
    note_end(left, ending, client=doomed, process=0, journal=desk.journal)
    _require_written(left, ending)
    with desk.client("behind") as other:
        other.take_over()
        transact(desk.intent("behind"), client=other, process=1, journal=desk.journal)
    expect_within(_readers_go_on(desk), what="readers going on behind a killed producer", budget_s=bound_s)
    waited_s = run.clock.now_s() - opened_s
    ops = desk.read_back()
    evidence.fact(waited_s=round(waited_s, 2), time_out_s=SILENCE_S, bound_s=bound_s)
    evidence.judge(transactions.hidden(ops, frozenset(left.sends)), desk.verdict(ops))


def _abort_bound_s(admin: Admin) -> float:
    """Return within which time a transaction that nobody ends is aborted."""
    interval_ms = int(admin.broker_config(admin.controller()).get(CHECKED_EVERY, CHECKED_EVERY_MS))
    return SILENCE_S + interval_ms / 1000 + MARKERS_S


def _leave_open(desk: Desk, client: TransactionalClient) -> tuple[Intent, Ending]:
    """Write a transaction and leave it open, with all its records in the log."""
    left = desk.intent("left-open")
    begin(left, process=0, journal=desk.journal)
    ending = client.open(left)
    _require_written(left, ending)
    return left, ending


def _require_written(left: Intent, ending: Ending) -> None:
    if ending.error is not None or len(ending.offsets) < len(left.sends):
        raise Inconclusive(
            f"only {len(ending.offsets)} of {len(left.sends)} records were acknowledged: {_name(ending)}"
        )


def _readers_go_on(desk: Desk) -> Callable[[], bool]:
    """Return a question: is the end of what is committed the end of the log, on all partitions?"""
    topics = {desk.topic: FEW_PARTITIONS}

    def answered() -> bool:
        stable, whole_log = (bounds(desk.bootstrap, topics, isolation=isolation) for isolation in Isolation)
        return stable == whole_log

    return answered


def _require_refused(ending: Ending, who: str) -> None:
    assert ending.error is not None, f"{who} was allowed to commit"
    if ending.error.code() not in REFUSED:
        raise Inconclusive(f"{who} could not commit, but was not fenced either: {ending.error}")


def _name(ending: Ending) -> str | None:
    return None if ending.error is None else str(ending.error.name())
