"""NET: brokers, ZooKeeper and clients do not hear each other, or hear each other badly, and nothing is lost."""

from __future__ import annotations

from chaos.network import ClientsCutOff, Loss, Partition, Way, bridge, isolated, ring, without_zookeeper
from chaos.shaping import Bandwidth, Disturbance
from harness import budget, trial
from harness.claims import Level, clause
from harness.clients.settings import careless_producer
from harness.clients.traffic import Load
from harness.cluster.pods import number_of
from harness.evidence import Evidence
from harness.history_verdict import verdict_on
from harness.judging.config import Config
from harness.sights import Sight
from harness.trial import Trial
from suites.scenarios.ground import PARTITIONS, Ground, recovered
from suites.scenarios.losing import LOSS, await_records, finds_the_loss

pytest_plugins = ("suites.scenarios.ground",)

LOST_SHARE = 0.3
NARROW_KBIT_PER_S = 200
LATENCY_MS, JITTER_MS = 100, 20
LONG_S = 20.0
"""How long a bad network is borne."""


@clause("NET-01", level=Level.CERTIFY)
def test_a_broker_isolated_from_brokers_and_zookeeper(ground: Ground) -> None:
    """When a leader hears neither the other brokers nor ZooKeeper, others lead, and nothing acknowledged is lost.

    Two idempotent producers write 50 records per second to each of three partitions (acks=all), one led by each
    broker, while two consumers follow. All packets between a broker that leads one of them and its peers and ZooKeeper
    are dropped; clients still reach it. When its session has ended, its peers must tell that it is gone and that
    another one leads its partition. The others may wait for it no longer than that takes. Once all hear each other
    again, every partition must take records within the time in which TCP tries again. All clients' histories are
    judged: what the isolated leader could not replicate may not have been acknowledged.
    """
    cut_off = ground.a_leader()
    links = isolated(ground.cluster, cut_off)
    _replaced(ground, cut_off, Partition(ground.cluster, links))


@clause("NET-02", level=Level.CERTIFY)
def test_a_broker_that_is_heard_and_hears_nobody(ground: Ground) -> None:
    """When a leader is heard by the other brokers and ZooKeeper and does not hear them, others lead, nothing is lost.

    As NET-01, but only what is sent to the broker is dropped, not what it sends. That it can be heard must not keep it
    a leader.
    """
    cut_off = ground.a_leader()
    links = isolated(ground.cluster, cut_off)
    _replaced(ground, cut_off, Partition(ground.cluster, links, way=Way.INTO))


def _replaced(ground: Ground, cut_off: str, fault: Partition) -> None:
    """Require that others lead in place of a broker, and wait for it no longer than for its session."""
    others = ground.led_by_others(cut_off)
    done = ground.survive(fault, sights=[ground.given_up(cut_off)])
    allowed = budget.session_lost(ground.live)
    ground.evidence.judge(*done.judgements, done.within(allowed, name="other-partitions", keys=others), recovered(done))


@clause("NET-03", level=Level.CERTIFY)
def test_brokers_that_hear_each_other_only_by_way_of_the_controller(ground: Ground) -> None:
    """When two brokers hear each other no more, and both hear the controller, every partition goes on being written.

    As NET-01, but what is cut is the one link between the two brokers that are not the controller. Each must be taken
    out of the in-sync sets that the other leads, for lagging, as its session goes on. No partition may be without an
    acknowledgement for longer than that takes.
    """
    over = ground.controller()
    apart = {number_of(pod) for pod in ground.cluster.brokers if pod != over}
    allowed = budget.lagging_out(ground.live)

    def is_seen() -> bool:
        places = ground.as_seen_by(over).describe(ground.topic)
        return bool(places) and not any(apart <= set(place.isr) for place in places if place.leader in apart)

    sight = Sight(what="each out of the in-sync sets of the other", is_seen=is_seen, budget=allowed)
    fault = Partition(ground.cluster, bridge(ground.cluster, over=over))
    done = ground.survive(fault, budget=allowed, sights=[sight])
    ground.evidence.judge(*done.judgements, recovered(done))


@clause("NET-04", level=Level.CERTIFY)
def test_a_ring_of_brokers_that_do_not_hear_the_next_one(ground: Ground) -> None:
    """When each broker is deaf to the next one, nothing is lost or invented, and all goes on when the ring is mended.

    As NET-01, but each broker does not hear one other, so no two can talk, and all hear ZooKeeper: sessions go on, and
    no leader is replaced. It lasts longer than a follower may lag. Nothing is promised meanwhile but safety; then every
    partition must take records within the time in which TCP tries again.
    """
    fault = Partition(ground.cluster, ring(ground.cluster), way=Way.INTO)
    done = ground.survive(fault, lasts_s=budget.lagging_out(ground.live).seconds)
    ground.evidence.judge(*done.judgements, recovered(done))


@clause("NET-05", level=Level.CERTIFY)
def test_a_broker_cut_off_from_zookeeper_alone(ground: Ground) -> None:
    """When a leader hears everybody but ZooKeeper, others lead, the rest is hardly felt, and nothing is lost.

    As NET-01, but the broker's peers and clients still reach it and it them. It is alive in the eyes of all but the
    controller, which must replace it all the same; partitions that others lead may feel no more than the hand-over.
    """
    cut_off = ground.a_leader()
    others = ground.led_by_others(cut_off)
    fault = Partition(ground.cluster, without_zookeeper(ground.cluster, cut_off))
    done = ground.survive(fault, sights=[ground.given_up(cut_off)])
    handed_over = done.within(budget.announced_end(), name="other-partitions", keys=others)
    ground.evidence.judge(*done.judgements, handed_over, recovered(done))


@clause("NET-06", level=Level.CERTIFY)
def test_clients_cut_off_from_one_broker(ground: Ground) -> None:
    """When clients do not reach one broker, its partitions wait and all others feel nothing; no leader moves.

    As NET-01, but it is the clients that do not reach the broker; its peers, ZooKeeper and the kubelet do. The cluster
    has no reason to move a leader and must not. Partitions of the other brokers must go on as if nothing happened,
    and those of this one within the time in which TCP tries again.
    """
    cut_off = ground.a_leader()
    others = ground.led_by_others(cut_off)
    done = ground.survive(ClientsCutOff(ground.cluster, cut_off))
    felt = done.within(budget.unrelated(), name="other-partitions", keys=others)
    ground.evidence.judge(*done.judgements, felt, recovered(done))
    _require_leaders_stayed(ground.evidence, done)


def _require_leaders_stayed(evidence: Evidence, done: Trial) -> None:
    moved = [event.what for event in evidence.events if event.kind == "leader-moved" and event.time_s > done.injected_s]
    assert not moved, f"leaders moved, although all brokers heard each other: {'; '.join(moved)}"


@clause("NET-07", level=Level.CERTIFY)
def test_packet_loss_between_brokers(ground: Ground) -> None:
    """When brokers lose 30 % of the packets between them, every partition goes on being written, if slowly.

    As NET-01, but for 20 seconds each packet between two brokers is lost with a probability of 0.3, in each direction.
    No partition may be without an acknowledgement for longer than a follower may lag.
    """
    brokers = ground.cluster.brokers
    links = {pod: brokers[number + 1 :] for number, pod in enumerate(brokers[:-1])}
    fault = Loss(ground.cluster, links, probability=LOST_SHARE)
    _borne(ground, fault)


@clause("NET-08", level=Level.CERTIFY)
def test_narrow_bandwidth_of_one_broker(ground: Ground) -> None:
    """When a leader may send no more than 200 kbit/s, every partition goes on being written, if slowly.

    As NET-01, but for 20 seconds whatever the broker sends, to whomever, passes a token bucket of 200 kbit/s, which
    must have held packets back. No partition may be without an acknowledgement for longer than a follower may lag.
    """
    fault = Bandwidth(ground.cluster, [ground.a_leader()], kbit_per_s=NARROW_KBIT_PER_S)
    _borne(ground, fault)


@clause("NET-09", level=Level.CERTIFY)
def test_latency_of_one_broker(ground: Ground) -> None:
    """When what a leader sends is 100 ms late, give or take 20 ms, every partition goes on being written, if slowly.

    As NET-08, but packets are late (netem), which may also change their order. Where the kernel has no netem, this is
    unsupported.
    """
    fault = Disturbance(ground.cluster, [ground.a_leader()], latency_ms=LATENCY_MS, jitter_ms=JITTER_MS)
    _borne(ground, fault)


def _borne(ground: Ground, fault: Loss | Bandwidth | Disturbance) -> None:
    """Require that every partition is written to while the network is bad, and at once when it is good again."""
    done = ground.survive(fault, budget=budget.lagging_out(ground.live), lasts_s=LONG_S)
    ground.evidence.judge(*done.judgements, recovered(done))


@clause("NET-10", level=Level.CERTIFY)
def test_an_isolated_leader_that_acknowledges_alone_loses_records(ground: Ground) -> None:
    """With acks=1 an isolated leader acknowledges records that are gone later, and it is found, down to the disks.

    The negative control of NET: the partition of NET-01, but producers are content when the leader alone has a record.
    When its peers have another leader, the isolated one acknowledges another hundred records, and gives them up when it
    hears its peers again. The judge must find records that were acknowledged and are gone, and the replicas' logs must
    say that they were lost after their acknowledgement. If nothing was lost, nothing is shown.
    """
    cut_off = ground.a_leader()
    (key, *_) = sorted(ground.led_by(cut_off))
    fault = Partition(ground.cluster, isolated(ground.cluster, cut_off))
    flow = ground.traffic(Load(topic=ground.topic, partitions=PARTITIONS, producing=careless_producer))

    def acknowledge_alone(_: float) -> None:
        ground.await_given_up(cut_off)
        await_records(flow, key)

    with flow:
        trial.steady_traffic(flow)
        trial.strike(fault, admin=ground.admin, run=ground.run, evidence=ground.evidence, meanwhile=acknowledge_alone)
        trial.aftermath(flow)
    judged = verdict_on(flow.settle(), cluster=ground.cluster, admin=ground.admin, config=Config(idempotence=False))
    ground.evidence.fact(found={name: count for name, count in judged.measured.items() if name in LOSS})
    ground.evidence.fact(reason=judged.reason, examples=[finding.as_json() for finding in judged.findings[:5]])
    ground.evidence.judge(finds_the_loss(judged))
