"""FAIL: brokers and ZooKeeper members end in every way, under traffic, and nothing that was acknowledged suffers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from chaos.pause import Pause
from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete, PodEnds
from harness import budget
from harness.budget import Budget, LiveTimeouts
from harness.claims import Level, clause, expect_within
from harness.clients.traffic import Load
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.protocols import Admin, Cluster
from harness.run import Run
from harness.trial import Trial, survive
from harness.victims import FreshLeader, Scene, ZooKeeperFollower, ZooKeeperLeader, the
from suites.ordeals.chase import Chase
from suites.ordeals.ordeal import Ordeal, leaders_moved
from suites.ordeals.silence import Silence
from suites.scenarios.ensemble import Ensemble

pytest_plugins = ("suites.ordeals.fixtures",)

PARTITIONS = 6
CHASED = 3
Attempt = Callable[[type[PodEnds], str, Budget], Trial]


@pytest.fixture
def attempt(
    steady: Cluster,
    admin: Admin,
    topic: TopicFactory,
    traffic: TrafficFactory,
    evidence: Evidence,
    run: Run,
) -> Attempt:
    """Return a function that lets a pod end under traffic and judges what clients and probes saw."""
    live = LiveTimeouts.of(admin.broker_config(admin.controller()))

    def survive_the_end_of(fault: type[PodEnds], pod: str, allowed: Budget) -> Trial:
        load = Load(topic=topic("failover", partitions=PARTITIONS), partitions=PARTITIONS)
        return survive(
            fault(steady, pod),
            cluster=steady,
            traffic=traffic(load),
            admin=admin,
            run=run,
            evidence=evidence,
            budget=allowed,
            services=budget.of_services(allowed, live),
        )

    return survive_the_end_of


@pytest.fixture
def a_leader(cluster: Cluster, admin: Admin, run: Run) -> str:
    """Return the pod of a broker that leads partitions and is not the controller; of these, one seldom restarted."""
    return the(FreshLeader(), Scene(cluster=cluster, admin=admin, random=Random(run.settings.seed)))


@clause("FAIL-01")
def test_graceful_delete_of_a_leader(attempt: Attempt, a_leader: str, evidence: Evidence) -> None:
    """When the pod of a partition leader is deleted, nothing acknowledged is lost, repeated or reordered.

    Two idempotent producers write 50 records per second to each of six partitions (acks=all) while two consumers
    follow. A broker that leads partitions is deleted with its grace period. The pod must really be another one
    (UID), leaders must have moved, every partition must be in sync again, each acknowledged record must be read
    once and in order, and no partition may go without an acknowledgement for longer than the budget. Beside them a
    process probes 22 times per second reading from each partition (read_committed), committing offsets and joining a
    group at a coordinator on each broker, and creating a topic (validated only) at the controller: none
    may be out for longer than its own budget, which is derived from the live configuration.
    """
    trial = attempt(GracefulDelete, a_leader, budget.announced_end())
    evidence.judge(*trial.judgements, leaders_moved(trial, evidence))


@clause("FAIL-02")
def test_forced_delete_of_a_leader(attempt: Attempt, a_leader: str, admin: Admin, evidence: Evidence) -> None:
    """When the pod of a partition leader is deleted by force, nothing acknowledged is lost, repeated or reordered.

    As FAIL-01, with a grace period of zero: the process gets about two seconds. A broker that has not handed over by
    then has crashed, and the budget is these two seconds and that of a crash.
    """
    live = LiveTimeouts.of(admin.broker_config(admin.controller()))
    trial = attempt(ForcedDelete, a_leader, budget.forced_end(live))
    evidence.judge(*trial.judgements, leaders_moved(trial, evidence))


@clause("FAIL-03")
def test_crash_in_place_of_a_leader(attempt: Attempt, a_leader: str, admin: Admin, evidence: Evidence) -> None:
    """When the process of a partition leader crashes, nothing acknowledged is lost, repeated or reordered.

    As FAIL-01, but the broker's process dies without a word (SIGSEGV) and its container is restarted in the same
    pod: the others notice only when its ZooKeeper session ends. The budget is that time-out plus an election.
    """
    live = LiveTimeouts.of(admin.broker_config(admin.controller()))
    trial = attempt(CrashInPlace, a_leader, budget.crash(live))
    evidence.judge(*trial.judgements, leaders_moved(trial, evidence))


@clause("FAIL-04")
def test_forced_delete_of_the_controller(attempt: Attempt, cluster: Cluster, admin: Admin, evidence: Evidence) -> None:
    """When the controller's pod is deleted by force, another broker takes over and clients lose nothing.

    As FAIL-02, with the broker that is the controller at the moment of the fault. Another broker must be the
    controller afterwards. About two seconds are not always enough for a controller to resign; then the others
    notice only when its ZooKeeper session ends, as after a crash. The budget is these two seconds, that of a crash, and
    the time that its successor needs to learn the state of every partition.
    """
    before = admin.controller()
    live = LiveTimeouts.of(admin.broker_config(before))
    trial = attempt(ForcedDelete, cluster.broker_pod(before), budget.controller_deleted(live))
    after = admin.controller()
    evidence.fact(controller_before=before, controller_after=after)
    assert after != before, f"broker {before} is still the controller after its pod was replaced"
    evidence.judge(*trial.judgements)


@clause("FAIL-05", level=Level.CERTIFY)
def test_each_broker_in_turn(
    steady: Cluster,
    admin: Admin,
    topic: TopicFactory,
    traffic: TrafficFactory,
    run: Run,
    evidence: Evidence,
) -> None:
    """Each broker can be deleted by force, one after the other, and clients lose nothing.

    FAIL-02 for every broker in turn, the next one only after every partition is in sync again. One of them is the
    controller, so the budget is that of FAIL-04.
    """
    live = LiveTimeouts.of(admin.broker_config(admin.controller()))
    for pod in steady.brokers:
        part = Evidence()
        load = Load(topic=topic("in-turn", partitions=PARTITIONS), partitions=PARTITIONS)
        trial = survive(
            ForcedDelete(steady, pod),
            cluster=steady,
            traffic=traffic(load),
            admin=admin,
            run=run,
            evidence=part,
            budget=budget.controller_deleted(live),
        )
        evidence.fact(**{pod.replace("-", "_"): part.facts})
        evidence.events.extend(part.events)
        evidence.windows.extend(part.windows)
        evidence.series.extend(part.series)
        evidence.judge(*trial.judgements)


@clause("FAIL-06")
def test_forced_delete_of_the_zookeeper_leader(
    attempt: Attempt, cluster: Cluster, admin: Admin, evidence: Evidence
) -> None:
    """When the ZooKeeper leader's pod is deleted by force, another member leads and Kafka clients feel nothing.

    As FAIL-02, with the member that leads the ensemble. Another one must lead afterwards, all three must serve.
    """
    scene = Scene(cluster=cluster, admin=admin)
    before = the(ZooKeeperLeader(), scene)
    trial = attempt(ForcedDelete, before, budget.unrelated())
    expect_within(Ensemble(cluster).serves, what="a leader and two followers", budget_s=30)
    after = the(ZooKeeperLeader(), scene)
    evidence.fact(zookeeper_leader_before=before, zookeeper_leader_after=after)
    assert after != before, f"{before} leads again, although its pod was replaced"
    evidence.judge(*trial.judgements)


@clause("FAIL-07")
def test_forced_delete_of_a_zookeeper_follower(
    attempt: Attempt, cluster: Cluster, admin: Admin, run: Run, evidence: Evidence
) -> None:
    """When a ZooKeeper follower's pod is deleted by force, Kafka clients feel nothing and it joins again.

    As FAIL-06, with a member that follows.
    """
    follower = the(ZooKeeperFollower(), Scene(cluster=cluster, admin=admin, random=Random(run.settings.seed)))
    trial = attempt(ForcedDelete, follower, budget.unrelated())
    expect_within(Ensemble(cluster).serves, what="a leader and two followers", budget_s=30)
    evidence.judge(*trial.judgements)


@clause("FAIL-09", level=Level.CERTIFY)
def test_leader_chase(ordeal: Ordeal, evidence: Evidence) -> None:
    """Whoever leads a partition can be deleted by force as soon as it leads, three times, and clients lose nothing.

    The traffic of FAIL-01. The leader of one partition is deleted by force, then whoever leads next, without waiting
    until the one before is in sync again, and so on. Each must really be another pod (UID). In between there may be no
    leader, and fewer than two in-sync replicas, so that nothing is acknowledged: the budget is a hand-over for each,
    a session's end for one that may be the controller, and a broker's start. Every partition must be in sync again, and
    each acknowledged record must be read once and in order.
    """
    with ordeal.watcher(topics=frozenset({ordeal.topic})) as watcher:
        chase = Chase(ordeal, watcher)
        tried = ordeal.survive(
            chase.next(), budget.chased(ordeal.live, kills=CHASED), meanwhile=lambda: chase.go_on(CHASED - 1)
        )
        chase.close()
    evidence.fact(chased=chase.victims)
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence))


@clause("FAIL-12", level=Level.CERTIFY)
def test_pause_of_a_leader(ordeal: Ordeal, evidence: Evidence) -> None:
    """A leader that is paused for longer than its session is succeeded, and acknowledges nothing stale afterwards.

    The traffic of FAIL-01. All processes of a broker that leads partitions are stopped (SIGSTOP), which must be seen
    by the kernel's state and by CPU time that stands still: its connections stay open, and it answers nobody. Within
    the budget of a crash another broker must lead each of its partitions, and a new client must be served by all of
    them. After two sessions it goes on (SIGCONT) and finds requests from before. At least one client must have waited
    for it all the time; clients wait no longer than the pause and a hand-over. Every partition must be in sync again,
    and each acknowledged record must be read once and in order: what the old leader wrote by itself is nobody's.
    """
    pod = ordeal.a_leader()
    with ordeal.watcher(topics=frozenset({ordeal.topic})) as watcher:
        silence = Silence.of(ordeal, watcher, pod)
        tried = ordeal.survive(Pause(ordeal.cluster, (pod,)), None, meanwhile=silence.await_successors)
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), *silence.judge(tried))
