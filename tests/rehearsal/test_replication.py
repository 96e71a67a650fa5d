"""Replication in the model: high watermark, in-sync replicas, elections and truncation."""

from __future__ import annotations

from harness.rehearsal.records import Failure
from harness.rehearsal.replica import Reader
from tests.rehearsal.small import KEY, Small, still, values_of

READER = Reader()


def test_a_record_is_acknowledged_only_when_every_in_sync_replica_has_it() -> None:
    small = Small()
    caught = small.produce(1)
    assert caught.answer is None
    assert small.leader.high_watermark == 0
    small.rest()
    assert caught.answer is not None
    assert caught.answer.content == 0
    assert {replica.log.end for replica in small.replicas.values()} == {1}


def test_a_consumer_reads_up_to_the_high_watermark() -> None:
    small = Small()
    small.produce(1)
    assert small.leader.read(0, most=10, reader=READER) == ([], 0)
    small.rest()
    got = small.leader.read(0, most=10, reader=READER)
    assert not isinstance(got, Failure)
    assert [record.value for record in got[0]] == [1]


def test_an_isolated_leader_acknowledges_nothing_and_shows_nothing_new() -> None:
    small = Small()
    small.write(1)
    old = small.leader
    small.cluster.isolate(old.broker.number)
    caught = small.produce(2, at=old)
    small.rest()
    assert caught.answer is None
    assert old.high_watermark == 1
    assert small.leader is not old


def test_a_former_leader_drops_what_its_successor_does_not_have() -> None:
    small = Small()
    small.write(1)
    old = small.leader
    small.cluster.isolate(old.broker.number)
    lost = small.produce(2, 3, at=old)
    small.rest()
    small.write(4)
    small.cluster.rejoin(old.broker.number)
    small.rest()
    assert lost.answer is not None
    assert lost.answer.failure is Failure.NOT_LEADER
    assert [values_of(replica) for replica in small.replicas.values()] == [[1, 4]] * 3


def test_logs_agree_after_two_leaders_that_nobody_followed() -> None:
    small = Small()
    small.write(1)
    for value in (2, 3):
        leader = small.leader
        small.cluster.isolate(leader.broker.number)
        small.produce(value, at=leader)
        small.rest()
        small.cluster.rejoin(leader.broker.number)
        small.rest(5)
    small.rest()
    small.write(4)
    assert [values_of(replica) for replica in small.replicas.values()] == [[1, 4]] * 3


def test_too_few_in_sync_replicas_refuse_a_write() -> None:
    small = Small()
    for replica in list(small.replicas.values())[1:]:
        small.cluster.crash(replica.broker.number)
    small.rest()
    caught = small.produce(1)
    assert caught.answer is not None
    assert caught.answer.failure is Failure.TOO_FEW


def test_a_replica_that_is_not_in_sync_does_not_lead_even_if_nobody_else_can() -> None:
    small = Small()
    behind = list(small.replicas.values())[2]
    small.cluster.isolate(behind.broker.number)
    small.rest()
    small.write(1)
    for replica in small.replicas.values():
        if replica is not behind:
            small.cluster.crash(replica.broker.number)
    small.cluster.rejoin(behind.broker.number)
    small.rest()
    assert small.cluster.leading(KEY) is None


def test_an_unclean_election_is_an_option_and_loses_records() -> None:
    small = Small(plan=still(unclean_election=True))
    behind = list(small.replicas.values())[2]
    small.cluster.isolate(behind.broker.number)
    small.rest()
    small.write(1)
    for replica in small.replicas.values():
        if replica is not behind:
            small.cluster.crash(replica.broker.number)
    small.cluster.rejoin(behind.broker.number)
    small.rest()
    assert small.leader is behind
    small.cluster.heal()
    small.rest()
    assert [values_of(replica) for replica in small.replicas.values()] == [[]] * 3


def test_a_returning_replica_is_in_sync_again_when_it_has_caught_up() -> None:
    small = Small()
    number = list(small.replicas)[1]
    small.cluster.crash(number)
    small.rest()
    assert number not in small.leader.isr
    small.write(1, 2)
    small.cluster.restart(number)
    small.rest()
    assert number in small.leader.isr


def test_a_new_leader_shows_no_end_of_the_log_before_it_knows_better() -> None:
    small = Small()
    small.write(1, 2)
    replica = small.leader
    replica.epoch_start = replica.high_watermark + 1
    assert replica.watermarks() is Failure.NOT_AVAILABLE
    replica.epoch_start = replica.high_watermark
    assert replica.watermarks() == (0, 2)


def test_without_waiting_for_followers_a_record_is_acknowledged_and_lost() -> None:
    small = Small(plan=still(acks_all=False))
    leader = small.leader
    caught = small.produce(1)
    assert caught.answer is not None
    assert caught.answer.failure is None
    small.cluster.crash(leader.broker.number)
    small.rest()
    small.cluster.heal()
    small.rest()
    assert [values_of(replica) for replica in small.replicas.values()] == [[]] * 3


def test_whoever_does_not_lead_says_so() -> None:
    small = Small()
    follower = next(replica for replica in small.replicas.values() if not replica.leads)
    caught = small.produce(1, at=follower)
    assert caught.answer is not None
    assert caught.answer.failure is Failure.NOT_LEADER
