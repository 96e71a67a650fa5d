"""segments: a replica that keeps too little or too much, and space that is not given back, are found."""

from __future__ import annotations

from harness.checkers.segments import Replicas, SegmentFile, emptied, freed, size_kept
from harness.verdict import Judgement, Verdict

LIMIT, SEGMENT = 4000, 1000


def files(*sizes: int, deleted: int = 0) -> tuple[SegmentFile, ...]:
    logs = [SegmentFile(name=f"{n:020}.log", size_bytes=size) for n, size in enumerate(sizes)]
    gone = [SegmentFile(name=f"9{n:019}.log.deleted", size_bytes=SEGMENT) for n in range(deleted)]
    return (*logs, *gone, SegmentFile(name="00000000000000000000.index", size_bytes=10_485_760))


def kept(replicas: Replicas, *, written: int = 9000) -> Judgement:
    return size_kept(replicas, retention_bytes=LIMIT, segment_bytes=SEGMENT, written_bytes=written)


def test_replicas_within_a_segment_of_the_limit_are_good() -> None:
    replicas = {"kafka-0": files(1000, 1000, 1000, 1000), "kafka-1": files(990, 1000, 1000, 1000, 1000, deleted=2)}
    assert kept(replicas).verdict is Verdict.PASS


def test_one_replica_with_one_byte_too_few_is_early() -> None:
    judged = kept({"kafka-0": files(1000, 1000, 1000, 1000), "kafka-1": files(999, 1000, 1000, 1000)})
    assert [finding.anomaly for finding in judged.findings] == ["retention-early"]
    assert "kafka-1" in judged.reason


def test_one_replica_with_a_whole_segment_too_many_is_late() -> None:
    judged = kept({"kafka-0": files(1000, 1000, 1000, 1000), "kafka-1": files(*[1000] * 5)})
    assert [finding.anomaly for finding in judged.findings] == ["retention-late"]


def test_a_log_that_was_never_above_its_limit_shows_nothing() -> None:
    assert kept({"kafka-0": files(1000, 1000, 1000, 1000)}, written=4500).verdict is Verdict.INCONCLUSIVE
    assert kept({}).verdict is Verdict.INCONCLUSIVE


FULL: Replicas = {"kafka-0": files(*[1000] * 9), "kafka-1": files(*[1000] * 9)}


def test_space_that_comes_back_on_every_broker_is_freed() -> None:
    after = {"kafka-0": files(*[1000] * 4), "kafka-1": files(*[1000] * 5)}
    assert freed(FULL, after, expected_freed_bytes=4000).verdict is Verdict.PASS


def test_one_broker_that_frees_nothing_is_found() -> None:
    judged = freed(FULL, {**FULL, "kafka-0": files(1000)}, expected_freed_bytes=4000)
    assert judged.verdict is Verdict.FAIL
    assert "kafka-1" in judged.reason


def test_a_file_that_waits_for_its_deletion_is_found() -> None:
    judged = freed(FULL, {"kafka-0": files(1000), "kafka-1": files(1000, deleted=1)}, expected_freed_bytes=4000)
    assert judged.verdict is Verdict.FAIL
    assert ".deleted" in judged.reason


def test_brokers_that_were_not_seen_full_or_not_seen_again_show_nothing() -> None:
    assert freed({}, {}, expected_freed_bytes=1).verdict is Verdict.INCONCLUSIVE
    assert freed(FULL, {"kafka-0": files()}, expected_freed_bytes=1).verdict is Verdict.INCONCLUSIVE
    half = {"kafka-0": files(100)}
    assert freed(half, half, expected_freed_bytes=4000).verdict is Verdict.INCONCLUSIVE


def test_empty_replicas_have_neither_log_bytes_nor_deleted_files() -> None:
    assert emptied({"kafka-0": files(0)}).verdict is Verdict.PASS
    assert emptied({"kafka-0": files(0), "kafka-1": files(1)}).verdict is Verdict.FAIL
    assert emptied({"kafka-0": files(0, deleted=1)}).verdict is Verdict.FAIL
    assert emptied({}).verdict is Verdict.INCONCLUSIVE
