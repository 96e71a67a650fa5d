"""The cleaner in the model: segments, retention by time and by size, compaction."""

from __future__ import annotations

from harness.rehearsal.cleaner import segments, start_by_size, start_by_time
from harness.rehearsal.log import Log
from harness.rehearsal.records import NO_PRODUCER, Batch


def log_at(*times_ns: int) -> Log:
    """Make a log of records with these times; each value is its offset."""
    log = Log()
    for offset, time_ns in enumerate(times_ns):
        log.append(Batch(NO_PRODUCER, 0, -1, (offset,), time_ns), epoch=0)
    return log


def test_a_segment_ends_where_a_record_is_too_young_for_it() -> None:
    found = segments(log_at(0, 5, 10, 12, 30), segment_ns=10)
    assert [(one.start, one.end, one.newest_ns) for one in found] == [(0, 2, 5), (2, 4, 12), (4, 5, 30)]


def test_a_segment_goes_when_its_newest_record_has_expired() -> None:
    found = segments(log_at(0, 5, 10, 12, 30), segment_ns=10)
    assert start_by_time(found, start=0, expired_ns=5, high_watermark=5) == 0
    assert start_by_time(found, start=0, expired_ns=6, high_watermark=5) == 2
    assert start_by_time(found, start=0, expired_ns=100, high_watermark=5) == 5


def test_nothing_goes_that_is_not_replicated() -> None:
    found = segments(log_at(0, 5, 10, 12, 30), segment_ns=10)
    assert start_by_time(found, start=0, expired_ns=100, high_watermark=3) == 2


def test_retention_by_size_keeps_at_least_as_much_as_is_asked() -> None:
    found = segments(log_at(0, 5, 10, 12, 30), segment_ns=10)
    assert start_by_size(found, start=0, most=4, high_watermark=5) == 0
    assert start_by_size(found, start=0, most=3, high_watermark=5) == 2
    assert start_by_size(found, start=0, most=1, high_watermark=5) == 4


def test_deleted_records_are_gone_and_offsets_go_on() -> None:
    log = log_at(0, 1, 2, 3)
    log.delete_before(2)
    assert (log.start, log.end) == (2, 4)
    assert [record.offset for record in log.between(0, 9)] == [2, 3]
    assert log.append(Batch(NO_PRODUCER, 0, -1, (9,), 4), epoch=0) == 4


def test_compaction_keeps_the_newest_record_of_each_key_and_leaves_holes() -> None:
    log = log_at(0, 1, 2, 3, 4, 5)
    log.compact(until=4, keys=2)
    assert [record.offset for record in log.records] == [4, 5]
    log = log_at(0, 1, 2, 3, 4, 5)
    log.compact(until=3, keys=5)
    assert [record.offset for record in log.records] == [1, 2, 3, 4, 5]
    assert [record.offset for record in log.between(2, 4)] == [2, 3]
    assert log.position(0) == 0
