"""FAIL-08: the negative control: what is broken on purpose is found, or all the green beside it means nothing."""

from __future__ import annotations

import pytest

from chaos.process import ForcedDelete
from harness import trial
from harness.claims import Level, clause
from harness.clients.admin import Admin
from harness.clients.settings import careless_producer
from harness.clients.traffic import Load
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.history_verdict import verdict_on
from harness.judging.config import Config
from harness.run import Run
from harness.verdict import Inconclusive
from suites.scenarios.losing import LOSS, await_records, finds_the_loss

PARTITIONS = 3
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
    judged = verdict_on(flow.settle(), cluster=steady, admin=admin, config=Config(idempotence=False))
    evidence.fact(found={name: count for name, count in judged.measured.items() if name in LOSS})
    evidence.fact(reason=judged.reason, examples=[finding.as_json() for finding in judged.findings[:5]])
    evidence.judge(finds_the_loss(judged))


def _inject(fault: ForcedDelete, run: Run, evidence: Evidence) -> None:
    """Inject one of several faults: each has an evidence of its own, and all have one line of events."""
    part = Evidence()
    trial.inject(fault, run, part)
    evidence.events.extend(part.events)
