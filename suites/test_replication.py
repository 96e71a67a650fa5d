"""REP: every record that is acknowledged is on every in-sync replica, byte for byte."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import KafkaError

from chaos.process import ForcedDelete
from chaos.scale import BrokersAway
from harness.checkers import disk, replicas
from harness.claims import clause, expect_within
from harness.clients.admin import OFFSETS_TOPIC, Admin, Partition
from harness.clients.attempt import attempt_send
from harness.clients.sending import Outgoing, send
from harness.cluster import objects, segments
from harness.cluster.disk import read_disk
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory
from harness.run import Run
from harness.trial import inject
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

PARTITIONS = 3
BACK_BUDGET_S = 90.0
FETCH_BUDGET_S = 5.0
"""A follower fetches at least every half second; behind a throttled CPU a few times that."""


@clause("REP-01")
def test_replicas_on_distinct_nodes(cluster: Cluster, admin: Admin, topic: TopicFactory, evidence: Evidence) -> None:
    """The replicas of every partition are on distinct nodes.

    Every partition of every topic, the internal ones included, is followed from its replicas to the brokers' pods
    and from there to the nodes they run on.
    """
    topic("spread", partitions=PARTITIONS)
    nodes = {broker: objects.node_of(cluster, cluster.broker_pod(broker)) for broker in admin.brokers()}
    partitions = admin.partitions()
    evidence.fact(nodes=nodes, partitions=len(partitions))
    together = [p.key for p in partitions if len({nodes.get(broker) for broker in p.replicas}) < len(p.replicas)]
    assert not together, f"{len(together)} partitions have replicas on one node, the first: {together[0]}"


@clause("REP-02")
def test_three_replicas_in_sync(admin: Admin, topic: TopicFactory, evidence: Evidence) -> None:
    """Every partition has three replicas, all of them in sync, also those of the internal topics.

    A topic made without a wish for its replication gets the cluster's default. Then every partition of every topic
    is read from the live metadata.
    """
    default = topic("default", partitions=PARTITIONS, replication_factor=-1)
    partitions = admin.partitions()
    evidence.fact(partitions=len(partitions), topics=sorted({partition.topic for partition in partitions}))
    topics = {partition.topic for partition in partitions}
    assert OFFSETS_TOPIC in topics, "the internal offsets topic does not exist"
    assert default in topics, f"topic {default} does not exist"
    thin = [p for p in partitions if len(p.replicas) < 3]
    assert not thin, f"{thin[0].key} has {len(thin[0].replicas)} replicas, expected 3 ({len(thin)} such partitions)"
    lagging = [partition for partition in partitions if not partition.in_sync]
    assert not lagging, f"{lagging[0].key} is in sync on {lagging[0].isr} of {lagging[0].replicas}"


@clause("REP-03")
def test_acknowledged_means_on_every_replica(
    steady: Cluster, admin: Admin, topic: TopicFactory, evidence: Evidence
) -> None:
    """What is acknowledged with acks=all is in the log of every in-sync replica at that moment.

    One record with a value of its own is written to each partition. As soon as all are acknowledged, the segment
    files of every replica are searched for the values: none may be missing anywhere.
    """
    name = topic("acknowledged", partitions=PARTITIONS)
    values = [f"acknowledged-{name}-{partition}" for partition in range(PARTITIONS)]
    send(admin.bootstrap, name, [Outgoing(value=value.encode(), partition=at) for at, value in enumerate(values)])
    found = {
        f"{name}-{at} on broker {broker}": segments.holds(steady, admin, broker, f"{name}-{at}", value)
        for at, value in enumerate(values)
        for broker in admin.brokers()
    }
    evidence.fact(found=found)
    missing = [where for where, there in found.items() if not there]
    assert not missing, f"acknowledged records are missing: {', '.join(missing)}"


@clause("REP-04")
def test_replicas_are_identical(steady: Cluster, admin: Admin, topic: TopicFactory, evidence: Evidence) -> None:
    """The replicas of a partition are identical, byte for byte.

    A thousand records go to three partitions. Then the segment files of all replicas are compared by their SHA-256,
    not by their size.
    """
    name = topic("identical", partitions=PARTITIONS)
    send(admin.bootstrap, name, records("identical", count=1000))
    evidence.judge(replicas.check(settled_digests(steady, admin, name)))


@clause("REP-05")
def test_a_follower_catches_up(
    steady: Cluster, admin: Admin, topic: TopicFactory, evidence: Evidence, run: Run
) -> None:
    """A follower that was away catches up with what it has missed, and its replica is identical again.

    A broker's pod is deleted by force. While it is out of the in-sync set records are written, which must be
    acknowledged. After its return every partition must be in sync within the budget, and all segment files equal.
    """
    name = topic("catching-up", partitions=PARTITIONS)
    send(admin.bootstrap, name, records("before", count=300))
    follower = next(broker for broker in sorted(admin.brokers()) if broker != admin.controller())
    fault = ForcedDelete(steady, steady.broker_pod(follower))
    inject(fault, run, evidence)
    expect_within(lambda: _is_out(admin, name, follower), what=f"broker {follower} leaving the ISR", budget_s=30)
    send(admin.bootstrap, name, records("while-away", count=300))
    if not _is_out(admin, name, follower):
        raise Inconclusive(f"broker {follower} was back before the records were written, so it missed nothing")
    took_s = expect_within(
        lambda: fault.proof_of_healing() is not None and not admin.out_of_sync(),
        what="every partition being in sync again",
        budget_s=BACK_BUDGET_S,
    )
    run.faults.close(fault)
    evidence.events.append(run.event("isr-full", "in sync again"))
    evidence.fact(follower=follower, proof=fault.proof_of_injection(), caught_up_s=round(took_s, 2))
    evidence.judge(replicas.check(settled_digests(steady, admin, name)))


def _is_out(admin: Admin, topic: str, broker: int) -> bool:
    partitions = admin.describe(topic)
    return bool(partitions) and all(broker not in p.isr and p.leader is not None for p in partitions)


@pytest.fixture
def two_brokers_away(steady: Cluster, run: Run, evidence: Evidence) -> Iterator[Callable[[], BrokersAway]]:
    """Return a function that takes all brokers but one away; they are brought back, whatever happens."""
    fault = BrokersAway(steady, left=1)

    def go() -> BrokersAway:
        inject(fault, run, evidence)
        wait_until(lambda: fault.proof_of_injection() is not None, what="two brokers going", timeout_s=90)
        return fault

    yield go
    fault.heal()
    wait_until(lambda: fault.proof_of_healing() is not None, what="the brokers coming back", timeout_s=BACK_BUDGET_S)
    run.faults.close(fault)


@clause("REP-06")
def test_below_min_isr(
    two_brokers_away: Callable[[], BrokersAway], admin: Admin, topic: TopicFactory, evidence: Evidence, run: Run
) -> None:
    """Below two in-sync replicas a write with acks=all is refused with the right error, and works again after.

    Two of three brokers are taken away and kept away. A write with acks=all that is not tried again must be refused
    with NOT_ENOUGH_REPLICAS, and must not appear in the log. When the brokers are back, the same write is accepted.
    """
    name = topic("min-isr", partitions=1)
    assert attempt_send(admin.bootstrap, name, "accepted-before") is None, "a write with all brokers was refused"
    fault = two_brokers_away()
    evidence.fact(proof=fault.proof_of_injection())
    expect_within(lambda: len(_isr(admin, name)) == 1, what="the in-sync set shrinking to one", budget_s=30)
    refusal = attempt_send(admin.bootstrap, name, "refused")
    evidence.fact(refused_with=None if refusal is None else refusal.name())
    assert refusal is not None, "a write with acks=all was accepted with one of three replicas in sync"
    expected = {KafkaError.NOT_ENOUGH_REPLICAS, KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND}
    assert refusal.code() in expected, f"the write was refused with {refusal.name()}, expected NOT_ENOUGH_REPLICAS"
    fault.heal()
    expect_within(
        lambda: fault.proof_of_healing() is not None and not admin.out_of_sync(),
        what="every partition being in sync again",
        budget_s=BACK_BUDGET_S,
    )
    evidence.events.append(run.event("isr-full", "in sync again"))
    again = attempt_send(admin.bootstrap, name, "accepted-after")
    assert again is None, f"a write with all brokers back was refused with {again}"


def _isr(admin: Admin, topic: str) -> tuple[int, ...]:
    partitions: tuple[Partition, ...] = admin.describe(topic)
    return partitions[0].isr if partitions else ()


def records(prefix: str, *, count: int) -> list[Outgoing]:
    """Make records that go to the partitions in turn."""
    return [Outgoing(value=f"{prefix}-{number}".encode(), partition=number % PARTITIONS) for number in range(count)]


def settled_digests(cluster: Cluster, admin: Admin, topic: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return each partition's segment digests by broker, once followers had time to fetch the last byte."""
    keys = [partition.key for partition in admin.describe(topic)]

    def read() -> dict[str, dict[str, dict[str, str]]]:
        held = {str(broker): segments.digests_of(cluster, admin, broker, topic) for broker in admin.brokers()}
        return {key: {broker: found.get(key, {}) for broker, found in held.items()} for key in keys}

    with contextlib.suppress(TimedOut):  # the checker says what differs
        wait_until(lambda: replicas.agree(read()), what="replicas being equal", timeout_s=FETCH_BUDGET_S)
    return read()


@clause("REP-07")
def test_the_disks_hold_what_clients_were_told(
    steady: Cluster, admin: Admin, topic: TopicFactory, evidence: Evidence
) -> None:
    """Each acknowledged record is in the log of every in-sync replica, once, and nothing that nobody sent is.

    A hundred records go to one partition. Then Kafka's own tool prints the partition's log on each of its replicas,
    record by record with leader epochs and producers' sequences; the logs must agree with each other and with what
    was acknowledged.
    """
    name = topic("on-disk", partitions=1)
    sent = [Outgoing(value=f"on-disk-{number}".encode(), partition=0) for number in range(100)]
    send(admin.bootstrap, name, sent)
    acknowledged: dict[int | str, int | None] = {record.value.decode(): None for record in sent}
    logs = read_disk(steady, admin, name, 0)
    evidence.judge(disk.check(f"{name}-0", logs, acknowledged=acknowledged, sent=acknowledged.keys()))
