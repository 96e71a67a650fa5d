"""ZK: the ensemble loses its quorum, its leader or everything, a broker loses its session, and nothing is lost."""

from __future__ import annotations

from chaos.coldstart import ColdStart
from chaos.pause import Pause
from chaos.zookeeper import QuorumLoss, SessionExpiry
from harness import budget
from harness.claims import Level, clause, expect_within
from harness.sights import Sight
from suites.scenarios.ground import Ground, recovered

pytest_plugins = ("suites.scenarios.ground",)

SERVES_S = 30.0
"""Until a member that was away follows again."""

LONG_S = 15.0


@clause("ZK-01", level=Level.CERTIFY)
def test_loss_of_the_quorum(ground: Ground) -> None:
    """Without a ZooKeeper quorum leaders go on serving and no topic can be made; afterwards topics can be made again.

    Two idempotent producers write 50 records per second to each of three partitions (acks=all), one led by each
    broker, while two consumers follow. A majority of the ZooKeeper members is paused, and the member that is left must
    say that it does not serve. Acknowledgements must go on as if nothing happened. A topic that is asked for meanwhile
    may not be made: the answer must be an error, or none. When the members go on, one must lead and the others follow,
    and a topic must be made, in sync everywhere. The leader has given up sessions that it heard nothing of before it
    stepped down, and that counts as soon as there is a quorum: no window may be longer then than it takes these brokers
    to register again. All clients' histories are judged.
    """
    wanted = f"{ground.topic}-without-quorum"
    refused = Sight(what="no topic made", is_seen=lambda: not ground.creates(wanted), budget=budget.at_once())
    done = ground.survive(QuorumLoss(ground.cluster), sights=[refused], lasts_s=LONG_S)
    served = done.within(budget.unrelated(), name="without-quorum", until_s=done.undone_s)
    registered = done.within(budget.sessions_over(), name="with-quorum", since_s=done.undone_s)
    expect_within(ground.ensemble.serves, what="a leader and followers", budget_s=SERVES_S)
    ground.expect_creation(f"{ground.topic}-with-quorum")
    ground.forget(wanted)
    ground.evidence.judge(*done.judgements, served, registered)


@clause("ZK-02", level=Level.CERTIFY)
def test_expiry_of_the_controllers_session(ground: Ground) -> None:
    """When the controller's ZooKeeper session expires, another takes over, and it registers again without a restart.

    As ZK-01, but packets between the broker that is the controller and ZooKeeper are dropped until its session has
    ended: its peers must not count it any more, must have another leader in its place and another controller, while it
    still believes to be both. When ZooKeeper hears it again it must register and be in sync as the same process.
    Partitions of other brokers may feel no more than the hand-over; two controllers must not hurt any record.
    """
    before = ground.controller()
    process = ground.cluster.identity(before)
    others = ground.led_by_others(before)
    done = ground.survive(
        SessionExpiry(ground.cluster, before, admin=ground.admin),
        sights=[ground.given_up(before), ground.succeeded(before)],
    )
    after = ground.controller()
    ground.evidence.fact(controller_before=before, controller_after=after)
    handed_over = done.within(budget.announced_end(), name="other-partitions", keys=others)
    ground.evidence.judge(*done.judgements, handed_over, recovered(done))
    assert ground.cluster.identity(before) == process, f"{before} was restarted, expected the same process"
    assert after != before, f"{before} is the controller again"


@clause("ZK-03", level=Level.CERTIFY)
def test_cold_start_of_everything(ground: Ground) -> None:
    """When all brokers and ZooKeeper members crash at once, they come back by themselves and nothing is lost.

    As ZK-01, but all six processes are killed at the same moment and started by nobody but the kubelets. Every one must
    have ended. All must be ready, every partition in sync and written to again within the budget: a broker that starts
    while its old session is not over yet ends again, and is started later. All clients' histories are judged: what was
    acknowledged before must be there afterwards, whoever leads.
    """
    pods = (*ground.cluster.brokers, *ground.cluster.zookeepers)
    done = ground.survive(ColdStart(ground.cluster, pods), budget=budget.cold_start(ground.live), lasts_s=0.0)
    expect_within(ground.ensemble.serves, what="a leader and followers", budget_s=SERVES_S)
    ground.evidence.judge(*done.judgements)


@clause("ZK-04", level=Level.CERTIFY)
def test_pause_of_the_zookeeper_leader(ground: Ground) -> None:
    """When the ZooKeeper leader is paused, another member leads, Kafka clients feel nothing, and it joins again.

    As ZK-01, but it is the leader alone that is stopped in the middle of whatever it does: its connections stay open
    and say nothing. The others must elect one of themselves when it has been silent for as long as their settings
    allow. When it goes on it must follow, not lead.
    """
    before = ground.ensemble.leader()
    others = ground.ensemble.others(before)
    replaced = Sight(
        what="another member leads",
        is_seen=lambda: bool(ground.ensemble.leaders(others)),
        budget=budget.silent_leader(ground.ensemble.ticks(others[0])),
    )
    done = ground.survive(Pause(ground.cluster, [before]), budget=budget.unrelated(), sights=[replaced])
    expect_within(ground.ensemble.serves, what="a leader and followers", budget_s=SERVES_S)
    after = ground.ensemble.leader()
    ground.evidence.fact(zookeeper_leader_before=before, zookeeper_leader_after=after)
    ground.evidence.judge(*done.judgements, recovered(done))
    assert after != before, f"{before} leads again, although others had a leader"
