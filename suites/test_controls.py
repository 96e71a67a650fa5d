"""FAIL-08 and others: negative controls. What is broken on purpose is found, or all the green beside means nothing."""

from __future__ import annotations

import pytest

from chaos.pause import Pause
from chaos.process import ForcedDelete
from chaos.storage import VolumeLost
from harness import trial
from harness.checkers.groups import REBALANCED
from harness.claims import Level, clause
from harness.clients.admin import Admin
from harness.clients.settings import careless_producer
from harness.clients.traffic import Load, Traffic
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.history_verdict import verdict_on
from harness.judging.config import Config
from harness.run import Run
from harness.verdict import Inconclusive, Judgement, Verdict
from suites.groups.workshop import OpenWorkshop
from suites.ordeals.ordeal import Ordeal
from suites.ordeals.silence import Silence
from suites.scenarios.losing import LOSS, NAME, await_records, finds_the_loss

pytest_plugins = ("suites.groups.fixtures",)

PARTITIONS = 3
SPREAD_PARTITIONS = 6
CARELESS = {"min.insync.replicas": "1", "unclean.leader.election.enable": "true"}


@pytest.fixture
def careless_topic(topic: TopicFactory) -> str:
    """Return a topic on which a leader may acknowledge alone, and a replica that lacks records may be elected."""
    return topic("careless", partitions=PARTITIONS, config=CARELESS)


@clause("FAIL-08", level=Level.CERTIFY)
def test_careless_settings_lose_records(
    steady: Cluster, admin: Admin, careless_topic: str, traffic: TrafficFactory, run: Run, evidence: Evidence
) -> None:
    """With acks=1 and unclean election, forced deletes lose acknowledged records, and it is found, down to the disks.

    The negative control of FAIL: the same traffic, but producers are content when the leader alone has a record. The
    pods of a partition's followers are deleted by force; its leader acknowledges another hundred records alone, and its
    pod is deleted, too, so that a follower that lacks them is elected. The judge must find records that were
    acknowledged and are gone, and the replicas' logs must say that they were lost after their acknowledgement. If
    nothing was lost, nothing is shown.
    """
    place = admin.describe(careless_topic)[0]
    if place.leader is None:
        raise Inconclusive(f"{place.key} has no leader")
    pods = [steady.broker_pod(broker) for broker in (*(set(place.replicas) - {place.leader}), place.leader)]
    load = Load(topic=careless_topic, partitions=PARTITIONS, producing=careless_producer)
    flow = traffic(load)
    with flow:
        trial.steady_traffic(flow)
        faults = [ForcedDelete(steady, pod) for pod in pods]
        evidence.fact(partition=place.key, leader=pods[-1])
        for fault in faults[:-1]:
            _inject(fault, run, evidence)
        await_records(flow, place.key)
        _inject(faults[-1], run, evidence)
        for fault in faults:
            trial.prove(fault, run, Evidence())
        for fault in faults:
            trial.await_healing(fault, admin, run, Evidence())
        trial.aftermath(flow)
    _judge_the_judge(flow, steady, admin, evidence)


@clause("FAIL-13", level=Level.CERTIFY)
def test_a_paused_leader_answers_alone(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, run: Run, evidence: Evidence
) -> None:
    """With acks=1, a leader that was paused acknowledges stale records, and it is found, down to the disks.

    The negative control of FAIL-12: the same pause, but producers are content when the leader alone has a record. When
    the paused leader goes on, it takes what has waited for it, tells its producers that it is written, and cuts it off
    again when it learns who leads. The judge must find records that were acknowledged and are gone, and the replicas'
    logs must say that they were lost after their acknowledgement. If nothing was lost, nothing is shown.
    """
    name = topic("careless-pause", partitions=SPREAD_PARTITIONS)
    flow = traffic(Load(topic=name, partitions=SPREAD_PARTITIONS, producing=careless_producer))
    ordeal = Ordeal(cluster=steady, admin=admin, flow=flow, run=run, evidence=evidence)
    pod = ordeal.a_leader()
    with ordeal.watcher(topics=frozenset({name})) as watcher, flow:
        trial.steady_traffic(flow)
        silence = Silence.of(ordeal, watcher, pod)
        fault = Pause(steady, (pod,))
        trial.strike(fault, admin=admin, run=run, evidence=evidence, meanwhile=lambda _: silence.await_successors())
        trial.aftermath(flow)
    _judge_the_judge(flow, steady, admin, evidence)


@clause("STO-02", level=Level.CERTIFY)
def test_a_single_replica_goes_with_its_volume(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, run: Run, evidence: Evidence
) -> None:
    """With one replica, what was on a lost volume is gone, and it is found, down to the disks.

    The negative control of STO-01: the same loss, but the partitions have no replica on another broker. The judge must
    find records that were acknowledged and are gone, and the logs must say that they were lost after their
    acknowledgement. If nothing was lost, nothing is shown.
    """
    config = {"min.insync.replicas": "1"}
    name = topic("single", partitions=SPREAD_PARTITIONS, replication_factor=1, config=config)
    flow = traffic(Load(topic=name, partitions=SPREAD_PARTITIONS))
    ordeal = Ordeal(cluster=steady, admin=admin, flow=flow, run=run, evidence=evidence)
    with flow:
        trial.steady_traffic(flow)
        trial.strike(VolumeLost(steady, ordeal.a_leader()), admin=admin, run=run, evidence=evidence)
        trial.aftermath(flow)
    _judge_the_judge(flow, steady, admin, evidence)


@clause("GRP-08", level=Level.CERTIFY)
def test_a_nameless_member_disturbs_the_others(open_workshop: OpenWorkshop, evidence: Evidence) -> None:
    """When a member without a name of its own is killed and comes back, the others are disturbed, and it is found.

    The negative control of GRP-07: the same kill and the same return, but the group does not know the member again.
    Partitions of the others must be seen to be revoked. Every acknowledged record must be given to a member all the
    same; only what the killed one had been given and had not committed may be given again.
    """
    with open_workshop("ann", "bob", "cid") as work:
        killed_s = work.company.kill("cid")
        work.company.join("cid")
        judged = work.see_back("cid", since_s=killed_s, within_s=work.settings.killed().seconds)
    evidence.judge(_finds_the_disturbance(judged), *work.judge_delivery(evidence, crashed=frozenset({"cid"})))


def _finds_the_disturbance(judged: Judgement) -> Judgement:
    """Judge the judge: it has found that others were disturbed."""
    found = sum(finding.anomaly == REBALANCED for finding in judged.findings)
    verdict = Verdict.PASS if found else Verdict.INCONCLUSIVE
    return Judgement(checker=NAME, verdict=verdict, reason=judged.reason, measured={"disturbances": found})


def _judge_the_judge(flow: Traffic, cluster: Cluster, admin: Admin, evidence: Evidence) -> None:
    """Judge the history of careless clients, and require that losses were found."""
    judged = verdict_on(flow.settle(), cluster=cluster, admin=admin, config=Config(idempotence=False))
    evidence.fact(found={name: count for name, count in judged.measured.items() if name in LOSS})
    evidence.fact(reason=judged.reason, examples=[finding.as_json() for finding in judged.findings[:5]])
    evidence.judge(finds_the_loss(judged))


def _inject(fault: ForcedDelete, run: Run, evidence: Evidence) -> None:
    """Inject one of several faults: each has an evidence of its own, and all have one line of events."""
    part = Evidence()
    trial.inject(fault, run, part)
    evidence.events.extend(part.events)
