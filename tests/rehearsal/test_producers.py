"""Producers in the model: idempotence, fencing by epoch, and what transactions hide."""

from __future__ import annotations

from harness.rehearsal.producers import ProducerTable
from harness.rehearsal.records import Failure, Kind
from harness.rehearsal.replica import Reader
from tests.rehearsal.small import Small, values_of, written


def visible(small: Small, *, committed: bool = True) -> list[int]:
    got = small.leader.read(0, most=100, reader=Reader(committed=committed))
    assert not isinstance(got, Failure)
    return [record.value for record in got[0]]


def test_a_batch_that_comes_twice_is_written_once_and_gets_the_same_offset() -> None:
    small = Small()
    small.produce(batch=written(1, 2))
    small.rest()
    again = small.produce(batch=written(1, 2))
    small.rest()
    assert again.answer is not None
    assert again.answer.content == 0
    assert values_of(small.leader) == [1, 2]


def test_a_retry_is_recognised_by_the_next_leader() -> None:
    small = Small()
    small.produce(batch=written(1))
    small.rest()
    small.cluster.crash(small.leader.broker.number)
    small.rest()
    again = small.produce(batch=written(1))
    small.rest()
    assert again.answer is not None
    assert again.answer.content == 0
    assert values_of(small.leader) == [1]


def test_a_batch_whose_predecessor_is_missing_is_refused() -> None:
    assert ProducerTable().check(written(1, sequence=3)) is Failure.OUT_OF_ORDER


def test_an_older_epoch_is_fenced() -> None:
    small = Small()
    small.produce(batch=written(1, epoch=2))
    small.rest()
    late = small.produce(batch=written(2, epoch=1))
    assert late.answer is not None
    assert late.answer.failure is Failure.FENCED_PRODUCER


def test_a_marker_fences_the_epoch_that_it_ends() -> None:
    small = Small()
    small.produce(batch=written(1, transactional=True))
    small.rest()
    small.mark(7, Kind.ABORT)
    late = small.produce(batch=written(2, sequence=1, transactional=True))
    assert late.answer is not None
    assert late.answer.failure is Failure.FENCED_PRODUCER


def test_an_open_transaction_hides_what_comes_after_it() -> None:
    small = Small()
    small.write(1)
    small.produce(batch=written(2, transactional=True))
    small.write(3)
    assert visible(small) == [1]
    assert visible(small, committed=False) == [1, 2, 3]
    small.mark(7, Kind.COMMIT)
    assert visible(small) == [1, 2, 3]


def test_aborted_records_are_left_out_and_markers_take_an_offset() -> None:
    small = Small()
    small.produce(batch=written(1, transactional=True))
    small.rest()
    small.mark(7, Kind.ABORT)
    small.write(2)
    assert visible(small) == [2]
    assert small.leader.high_watermark == 3


def test_a_transaction_is_stable_only_when_its_marker_is_replicated() -> None:
    table = ProducerTable()
    small = Small()
    small.produce(batch=written(1, transactional=True))
    small.rest()
    small.mark(7, Kind.COMMIT)
    for record in small.leader.log.records:
        table.apply(record)
    assert table.last_stable(1) == 0
    assert table.last_stable(2) == 2


def test_a_truncated_log_forgets_what_it_knew_of_producers() -> None:
    small = Small()
    small.produce(batch=written(1, transactional=True))
    small.rest()
    log = small.leader.log
    assert log.producers().open == {7: [0]}
    log.truncate(0)
    assert log.producers().open == {}


def test_deleted_records_are_still_known_as_duplicates() -> None:
    small = Small()
    small.produce(batch=written(1))
    small.rest()
    log = small.leader.log
    log.delete_before(1)
    log.forget_producers()
    assert log.producers().check(written(1)) == 0
