"""disk: real output of Kafka's tool is read to the letter, and each whereabouts is told from its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checkers import disk, replicas
from harness.checkers.disk_dump import corrupt_offsets, parse
from harness.checkers.disk_log import Fate, Log, Marker, Replica, Unreadable, first_difference
from harness.checkers.disk_truth import DiskTruth, Told, Whereabouts, explain, whereabouts
from harness.verdict import Inconclusive, Judgement, Verdict
from tests.checkers.logs import entry, made, real, text_of, three

GONE = Unreadable(name="kafka-2", in_sync=True, reason="no command runs in it")


def told(
    value: int | str, offset: int | None = None, *, acked: bool = True, read: bool = False, start: int = 0
) -> Told:
    return Told(value=value, offset=offset, acknowledged=acked, read=read, log_start=start)


def ask(logs: Sequence[Log], one: Told) -> DiskTruth:
    truth = explain("orders-0", one, logs)
    assert truth.whereabouts is whereabouts(one, logs)
    assert set(truth.replicas) == {log.name for log in logs}
    return truth


# What the tool prints.


def test_plain_and_idempotent_records_are_read() -> None:
    log = real("plain")
    assert [record.value for record in log.data] == [str(number) for number in range(1, 10)]
    assert (log.start, log.end) == (0, 9)
    first, third = log.by_offset[0], log.by_offset[2]
    assert (first.batch.producer_id, first.sequence) == (-1, -1)
    assert (third.batch.producer_id, third.batch.producer_epoch, third.sequence) == (1, 0, 0)
    assert (third.batch.crc, third.batch.size_bytes, third.timestamp_ms) == (3808358211, 109, 1795423524174)


def test_transactions_are_followed_to_their_markers() -> None:
    log = real("transactions")
    fates = {record.value: log.fate(record) for record in log.data}
    assert fates == {
        "committed-1": Fate.COMMITTED,
        "committed-2": Fate.COMMITTED,
        "committed-3": Fate.COMMITTED,
        "aborted-1": Fate.ABORTED,
        "outside-1": Fate.PLAIN,
        "outside-2": Fate.PLAIN,
        "open-1": Fate.OPEN,
    }
    markers = {record.offset: record.marker for record in log.dump.records if record.marker}
    assert markers == {2: Marker.COMMIT, 5: Marker.ABORT, 7: Marker.COMMIT}


def test_compressed_batches_are_unpacked() -> None:
    assert [record.value for record in real("compressed").data][:5] == [
        "gzip-0",
        "gzip-1",
        "gzip-2",
        "gzip-3",
        "zstd-0",
    ]


def test_keys_headers_tombstones_empty_values_and_line_breaks_are_read_by_their_sizes() -> None:
    found = [(record.key, record.value) for record in real("odd").data]
    assert found == [
        ("a key", "two\nlines"),
        ("a key", "with payload: and key: k inside"),
        ("a key", ""),
        ("a key", None),
        ("a key", "ünï"),
        (None, "last"),
        (None, "null key"),
    ]


def test_several_segments_are_one_log_that_starts_with_the_first() -> None:
    log = real("segments")
    assert (log.start, log.end) == (21, 30)
    assert [record.offset for record in log.data] == list(range(21, 30))


def test_a_wrong_checksum_is_kept_and_a_torn_end_is_measured() -> None:
    assert [batch.is_valid for batch in real("corrupt").dump.batches] == [True, False, True]
    torn = real("torn")
    assert (torn.end, torn.dump.torn_bytes) == (2, 73)


def test_a_dump_that_broke_off_is_refused_and_names_the_corrupt_batch() -> None:
    with pytest.raises(Inconclusive, match="expected 4 more records of the batch at 0"):
        parse(text_of("aborted"))
    assert corrupt_offsets(text_of("aborted")) == (0, 3)
    assert corrupt_offsets(text_of("plain")) is None


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ("Log starting offset: 0\n", "", "names no segment"),
        ("| offset: 1 ", "| offset: one ", "line 5 of the dump: got '| offset: one "),
        ("crc: 2224531184 ", "", "expected a batch with all its figures"),
        ("count: 2", "count: 3", "expected 1 more records of the batch at 0"),
        ("count: 2", "count: 1", "expected a record of the batch above it"),
        ("payload: 2", "payload: 22", "expected a key of -1 bytes and a value of 1 bytes at offset 1"),
        ("Dumping ", "Picked up ", "line 1 of the dump: got 'Picked up "),
    ],
)
def test_a_line_that_is_not_as_expected_is_named(was: str, becomes: str, complaint: str) -> None:
    with pytest.raises(Inconclusive) as refused:
        parse(text_of("plain").replace(was, becomes, 1))
    assert complaint in str(refused.value)


@given(st.integers(0, 2000), st.sampled_from(["plain", "odd", "transactions"]))
def test_a_dump_that_is_cut_anywhere_is_refused_or_a_beginning_of_the_log(length: int, name: str) -> None:
    whole = real(name).dump.records
    try:
        records = parse(text_of(name)[:length]).records
    except Inconclusive:
        return
    assert records == whole[: len(records)]


# Where a record is.

A, B, C = entry("a", 0), entry("b", 1), entry("c", 2)
ABC = three(A, B, C)


@pytest.mark.parametrize(
    ("logs", "one", "where"),
    [
        (ABC, told("b", 1, read=True), Whereabouts.PRESENT),
        (ABC, told("b", 1), Whereabouts.NOT_SERVED),
        (ABC, told("b", None), Whereabouts.NOT_SERVED),
        (ABC, told("b", 2), Whereabouts.DISPLACED),
        (ABC, told("x", 1), Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT),
        (ABC, told("x", None), Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT),
        (ABC, told("x", 1, acked=False, read=True), Whereabouts.LOST_AFTER_READ),
        (ABC, told("x", acked=False), Whereabouts.LOST_BEFORE_ACKNOWLEDGEMENT),
        ([*ABC[:2], GONE], told("b", 1), Whereabouts.NOT_SERVED),
        ([*ABC[:2], GONE], told("x", 1), Whereabouts.UNDECIDED),
        ([*ABC[:2], replace(GONE, in_sync=False)], told("x", 1), Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT),
        ([GONE], told("b", 1), Whereabouts.UNDECIDED),
        ([], told("b", 1), Whereabouts.UNDECIDED),
        (three(C, base_offset=2), told("b", 1), Whereabouts.EXPIRED),
        (three(C, base_offset=2), told("b", None), Whereabouts.UNDECIDED),
        (three(C, base_offset=2), told("x", 2), Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT),
        (three(A, B, C, noted_start=2), told("b", 1), Whereabouts.EXPIRED),
        (ABC, told("b", 1, start=2), Whereabouts.EXPIRED),
        (ABC, told("c", 2, start=2), Whereabouts.NOT_SERVED),
        ([made(A, B), made(A, name="kafka-1")], told("b", 1), Whereabouts.NOT_REPLICATED),
        ([made(A, B), made(A, name="kafka-1", in_sync=False)], told("b", 1), Whereabouts.NOT_SERVED),
        ([made(A), made(A, B, name="kafka-1", in_sync=False)], told("b", 1), Whereabouts.ONLY_OUT_OF_SYNC),
        ([made(A, B, C), made(A, C, name="kafka-1")], told("b", 1), Whereabouts.DIVERGED),
        ([made(A, B), made(A, entry("z", 1), name="kafka-1")], told("b", 1), Whereabouts.DIVERGED),
        ([made(A, B), made(A, entry("b", 1, epoch=1), name="kafka-1")], told("b", 1), Whereabouts.DIVERGED),
        ([made(A, B), made(B, name="kafka-1", base_offset=1)], told("a", 0), Whereabouts.EXPIRED),
        (three(A, entry("b", 1, valid=False)), told("b", 1), Whereabouts.CORRUPT),
        (three(A, B, entry("b", 2)), told("b", 1), Whereabouts.TWICE),
    ],
)
def test_whereabouts(logs: Sequence[Log], one: Told, where: Whereabouts) -> None:
    assert ask(logs, one).whereabouts is where


def pending(value: str, offset: int) -> object:
    return entry(value, offset, producer=7, sequence=offset, in_transaction=True)


OPEN = entry("b", 1, producer=7, sequence=0, in_transaction=True)
AGAIN = entry("b", 3, producer=7, sequence=1, in_transaction=True)
COMMIT, ABORT = entry(Marker.COMMIT, 2, producer=7), entry(Marker.ABORT, 2, producer=7)


@pytest.mark.parametrize(
    ("logs", "where"),
    [
        (three(A, OPEN), Whereabouts.OPEN),
        (three(A, OPEN, entry(Marker.COMMIT, 2, producer=8)), Whereabouts.OPEN),
        (three(A, OPEN, ABORT), Whereabouts.ABORTED),
        (three(A, OPEN, COMMIT), Whereabouts.NOT_SERVED),
        ([made(A, OPEN, COMMIT), made(A, OPEN, name="kafka-1")], Whereabouts.NOT_SERVED),
        (three(A, OPEN, COMMIT, AGAIN), Whereabouts.TWICE),
    ],
)
def test_a_transaction_decides_whether_a_record_counts(logs: Sequence[Log], where: Whereabouts) -> None:
    assert ask(logs, told("b", 1)).whereabouts is where


def test_an_aborted_copy_and_a_committed_one_are_not_two() -> None:
    logs = three(A, OPEN, ABORT, AGAIN, entry(Marker.COMMIT, 4, producer=7))
    assert ask(logs, told("b", 3)).whereabouts is Whereabouts.NOT_SERVED


def test_every_whereabouts_has_an_example_that_shows_it() -> None:
    marks = [*test_whereabouts.pytestmark, *test_a_transaction_decides_whether_a_record_counts.pytestmark]  # type: ignore[attr-defined]
    shown = {row[-1] for mark in marks for row in mark.args[1]}
    assert shown == set(Whereabouts)


# What is said of it.


def test_a_real_unclean_election_is_told_with_both_contents() -> None:
    old, new = real("split-kafka-0"), real("split-kafka-1", replica="kafka-1")
    truth = ask([old, new], told("lost-1", 3))
    assert truth.whereabouts is Whereabouts.DIVERGED
    assert truth.sentence == (
        "The in-sync logs diverge at offset 3; at 3 kafka-0 has 'lost-1' of leader epoch 1, "
        "kafka-1 has 'new-1' of leader epoch 3."
    )


def test_the_old_leader_out_of_sync_still_shows_what_is_lost() -> None:
    old, new = real("split-kafka-0", in_sync=False), real("split-kafka-1", replica="kafka-1")
    truth = ask([old, new], told("lost-1", 3))
    assert truth.whereabouts is Whereabouts.ONLY_OUT_OF_SYNC
    assert "kafka-0 (out of sync) has 'lost-1' of leader epoch 1, kafka-1 has 'new-1'" in truth.sentence
    assert "; it was acknowledged; " in truth.sentence
    assert "; it was never acknowledged; " in ask([old, new], told("lost-1", 3, acked=False)).sentence


def test_after_the_old_leader_has_followed_the_record_is_lost_and_what_took_its_place_is_named() -> None:
    logs = [real("healed-kafka-0"), real("split-kafka-1", replica="kafka-1")]
    truth = ask(logs, told("lost-1", 3))
    assert truth.whereabouts is Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT
    assert truth.sentence.startswith(
        "It was acknowledged and is in no in-sync log: lost after that; at 3 kafka-0 has 'new-1'"
    )
    instead = truth.as_json()["replicas"]["kafka-1"]["instead"]  # type: ignore[index]
    assert (instead["value"], instead["leader_epoch"]) == ("new-1", 3)


def test_a_replica_that_was_not_read_is_named_with_the_reason() -> None:
    truth = ask([ABC[0], GONE], told("x", 1))
    assert truth.sentence.startswith("Where it is cannot be said; kafka-2 could not be read (no command runs in it)")
    assert truth.replicas["kafka-2"] == {"in_sync": True, "unreadable": "no command runs in it"}


def test_what_was_found_is_said_only_of_the_logs_that_were_read() -> None:
    assert ask(ABC, told("b", 1)).sentence.startswith("It is in every in-sync log at offset 1, but no client")
    assert ask([ABC[0], GONE], told("b", 1)).sentence.startswith("It is in every in-sync log that was read at offset 1")


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ((-1, -1), (-1, -1), "without idempotence"),
        ((4, 8), (4, 8), "with the same sequence 8: idempotence has failed"),
        ((4, 8), (4, 9), "as the sequences 8, 9"),
        ((4, 8), (5, 0), "different producers (id, epoch) wrote it: (4, 0), (5, 0)"),
    ],
)
def test_a_duplicate_tells_who_wrote_it(first: tuple[int, int], second: tuple[int, int], why: str) -> None:
    copies = [entry("b", at, producer=who, sequence=nth) for at, (who, nth) in enumerate((first, second))]
    truth = ask(three(*copies), told("b", 0))
    assert truth.sentence.startswith("It is in the log more than once, at offset 0 and 1; ")
    assert why in truth.sentence


def test_a_number_is_found_as_its_digits() -> None:
    assert ask([real("plain")], told(7, 6)).whereabouts is Whereabouts.NOT_SERVED


# The whole partition.


def check(
    logs: Sequence[Log], acknowledged: dict[int | str, int | None], *, sent: Sequence[int | str] | None = None
) -> Judgement:
    return disk.check("orders-0", logs, acknowledged=acknowledged, sent=sent)


def anomalies(judged: Judgement) -> list[str]:
    assert (judged.verdict is Verdict.FAIL) == bool(judged.findings)
    return [finding.anomaly for finding in judged.findings]


def test_equal_logs_with_all_that_was_acknowledged_are_good() -> None:
    judged = check(ABC, {"a": 0, "b": None}, sent=["a", "b", "c"])
    assert judged.verdict is Verdict.PASS
    assert judged.measured["whereabouts"] == {"present": 3}


def test_real_logs_agree_before_an_unclean_election_and_differ_after_it() -> None:
    old, new = real("split-kafka-0"), real("split-kafka-1", replica="kafka-1")
    judged = check([old, new], {"both-1": 0, "both-2": 1, "both-3": 2})
    assert anomalies(judged) == [replicas.DIVERGED]
    assert judged.findings[0].evidence["offset"] == 3
    assert first_difference(old, new) == 3
    assert check([replace(old, in_sync=False), new, replace(new, name="kafka-2")], {}).verdict is Verdict.PASS


def test_an_acknowledged_value_that_a_shorter_log_does_not_have_yet_is_found() -> None:
    assert anomalies(check([made(A, B), made(A, B, name="kafka-1"), made(A, name="kafka-2")], {"b": 1})) == [
        "not-replicated"
    ]


def test_a_marker_that_only_one_log_has_is_a_divergence() -> None:
    other = made(A, OPEN, ABORT, name="kafka-1")
    assert anomalies(check([made(A, OPEN, COMMIT), other], {})) == [replicas.DIVERGED]


def test_acknowledged_values_that_are_missing_or_displaced_or_not_committed_are_found() -> None:
    assert anomalies(check(ABC, {"a": 0, "x": 7})) == ["lost-after-acknowledgement"]
    assert anomalies(check(ABC, {"a": 1})) == ["displaced"]
    assert anomalies(check(three(A, OPEN, ABORT), {"b": 1})) == ["aborted"]
    assert anomalies(check(three(A, OPEN), {"b": 1})) == ["open"]
    assert check(three(A, OPEN), {}).verdict is Verdict.PASS


def test_what_nobody_sent_and_what_is_there_twice_is_found() -> None:
    assert anomalies(check(ABC, {"a": 0}, sent=["a", "b"])) == [disk.PHANTOM]
    assert anomalies(check(three(A, B, entry("b", 2)), {})) == ["twice"]


def test_many_findings_of_one_kind_are_counted_and_some_told() -> None:
    judged = check(ABC, {f"x{number}": 5 for number in range(100)})
    assert len(anomalies(judged)) == disk.EXAMPLES
    assert judged.measured["whereabouts"] == {"lost-after-acknowledgement": 100, "present": 3}


@pytest.mark.parametrize(
    "logs",
    [[], [GONE], [ABC[0], GONE], [ABC[0]], three(), [ABC[0], ABC[1], GONE]],
    ids=["no replica", "unread", "one read", "one replica", "empty", "one of three unread"],
)
def test_what_could_not_be_read_or_compared_is_inconclusive(logs: list[Log]) -> None:
    assert check(logs, {}).verdict is Verdict.INCONCLUSIVE


def test_retention_is_no_loss() -> None:
    assert check(three(C, base_offset=2), {"a": 0, "b": 1, "c": 2}).verdict is Verdict.PASS


@given(st.lists(st.sampled_from("abcdef"), unique=True, min_size=2), st.data())
def test_any_change_of_one_record_on_one_replica_is_found(values: list[str], data: st.DataObject) -> None:
    records = [entry(value, at) for at, value in enumerate(values)]
    at = data.draw(st.integers(0, len(records) - 1))
    changed = [*records[:at], entry("other", at), *records[at + 1 :]]
    logs: list[Replica] = [*three(*records)[:2], made(*changed, name="kafka-2")]
    assert replicas.DIVERGED in anomalies(check(logs, {}))
    assert check(three(*records), dict(zip(values, range(len(values)), strict=True))).verdict is Verdict.PASS
