"""The picture of a finding: the log around it, its writers, its readers, and what is not there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judging.anomaly import Example
from harness.judging.picture import MOST_READERS, MOST_ROWS, Gap, Hole, Picture, Place, Record, Row, Seen, picture_of
from harness.ops import OpType
from tests.checkers.anomalies.told import MS, Told

A, B = "orders-0", "orders-1"


def picture(told: Told, anomaly: str, number: int = 0) -> Picture:
    """Return the picture of a finding of this kind."""
    judged = told.judged()
    found = next(one for one in judged.anomalies if one.name == anomaly)
    drawn = picture_of(judged.versions, found.examples[number])
    assert drawn is not None
    return drawn


def numbered(offsets: Sequence[int]) -> list[tuple[int, int | str]]:
    """Return a record for each offset whose value is a hundred more."""
    return [(offset, offset + 100) for offset in offsets]


def brief(row: Row) -> str:
    """Write a row in a word: `*` marks it, `…` is what is left out, `-` is a hole."""
    if isinstance(row, Record):
        return f"{'*' * row.marked}{row.offset}={row.value}"
    return f"…{row.records}" if isinstance(row, Gap) else f"{'*' * row.marked}-{row.first}-{row.last}"


def seen(drawn: Picture, value: int) -> dict[object, Seen | None]:
    """Return what each reader has to do with the record of this value."""
    record = next(row for row in drawn.rows if isinstance(row, Record) and row.value == value)
    cells = zip(drawn.readers, record.cells, strict=True)
    return {reader.process: None if cell is None else cell.seen for reader, cell in cells}


def lost(at: int = 10, *, of: int = 20) -> Told:
    told = Told().sent(1, A, *numbered(range(of)))
    rest = numbered([offset for offset in range(of) if offset != at])
    return told.polled(2, {A: rest[:5]}).polled(3, {A: rest[5:]}).finally_read({A: rest})


def test_a_lost_write_stands_between_its_neighbours() -> None:
    drawn = picture(lost(), "lost-write")
    assert drawn.key == A
    rows = ["…7", "7=107", "8=108", "9=109", "*10=110", "11=111", "12=112", "13=113", "…6"]
    assert [brief(row) for row in drawn.rows] == rows


def test_what_only_its_sender_was_told_is_missing_from_those_who_passed_over_it() -> None:
    drawn = picture(lost(), "lost-write")
    (record,) = (row for row in drawn.rows if isinstance(row, Record) and row.marked)
    assert record.place is Place.TOLD
    assert seen(drawn, 110) == {3: Seen.MISSING, "final": Seen.MISSING}
    assert seen(drawn, 109) == {3: Seen.READ, "final": Seen.READ}


def test_a_sender_is_named_with_its_times_and_its_ending() -> None:
    (record,) = (row for row in picture(lost(), "lost-write").rows if isinstance(row, Record) and row.marked)
    sender = record.sender
    assert sender is not None
    assert (sender.process, sender.index, sender.f, sender.ended, sender.offset) == (1, 20, "send", "ok", 10)
    assert (sender.sent_ns, sender.ended_ns) == (21 * MS, 22 * MS)


def test_a_vanished_tail_is_missing_from_the_final_read_alone() -> None:
    told = Told().sent(1, A, *numbered(range(4))).polled(2, {A: numbered(range(4))})
    drawn = picture(told.finally_read({A: numbered(range(3))}), "vanished-read")
    assert [brief(row) for row in drawn.rows] == ["0=100", "1=101", "2=102", "*3=103"]
    assert seen(drawn, 103) == {2: Seen.READ, "final": Seen.MISSING}
    assert drawn.readers[-1].covered == (0, 3)


def test_a_duplicate_is_marked_at_both_of_its_places_and_what_is_between_is_left_out() -> None:
    records = [*numbered(range(20)), (20, 102)]
    drawn = picture(Told().sent(1, A, *records[:20]).finally_read({A: records}), "duplicate")
    assert [brief(row) for row in drawn.rows if brief(row)[0] in "*…"] == ["*2=102", "…11", "*20=102"]
    told = [row.sender.offset for row in drawn.rows if isinstance(row, Record) and row.marked and row.sender]
    assert told == [2, 2]


def test_two_values_at_one_offset_are_two_rows() -> None:
    told = Told().sent(1, A, (0, 1)).sent(2, A, (0, 2)).finally_read({A: [(0, 1)]})
    assert [brief(row) for row in picture(told, "inconsistent-offsets").rows] == ["*0=1", "*0=2"]


def test_a_phantom_has_no_sender() -> None:
    drawn = picture(Told().sent(1, A, (0, 1)).finally_read({A: [(0, 1), (1, 9)]}), "phantom-read")
    record = drawn.rows[-1]
    assert isinstance(record, Record)
    assert (record.value, record.sender) == (9, None)


def test_what_nobody_knows_the_offset_of_stands_at_the_end() -> None:
    told = Told().sent(1, A, *numbered(range(5)), (None, 2)).finally_read({A: numbered(range(5))})
    drawn = picture(told, "unseen")
    assert [brief(row) for row in drawn.rows] == ["…5", "*None=2"]
    assert seen(drawn, 2) == {"final": Seen.MISSING}


def test_an_aborted_record_may_be_passed_over() -> None:
    told = Told().refused(1, A, 1).sent(1, A, (0, 0), (2, 2)).polled(2, {A: [(0, 0), (1, 1), (2, 2)]})
    drawn = picture(told.finally_read({A: [(0, 0), (2, 2)]}), "aborted-read")
    assert seen(drawn, 1) == {2: Seen.READ, "final": Seen.PASSED}


def test_a_read_that_did_not_end_ok_is_told_apart() -> None:
    told = Told().sent(1, A, (0, 1), (1, 2)).polled(2, {A: [(1, 2)]}, OpType.INFO)
    assert seen(picture(told.finally_read({A: [(1, 2)]}), "lost-write"), 2)[2] is Seen.READ_UNSURE


def test_what_is_read_twice_is_counted_and_timed() -> None:
    told = Told().sent(1, A, (0, 1), (1, 2)).polled(2, {A: [(0, 1), (1, 2)]}).polled(2, {A: [(1, 2)]})
    drawn = picture(told.finally_read({A: [(0, 1), (1, 2)]}), "nonmonotonic-poll")
    record = drawn.rows[1]
    assert isinstance(record, Record)
    cell = record.cells[0]
    assert cell is not None
    assert (cell.count, cell.times_ns) == (2, (6 * MS, 8 * MS))


def test_the_markers_of_transactions_are_holes() -> None:
    told = Told().transaction(1, {A: [(0, 1), (1, 2)]}).transaction(1, {A: [(3, 3)]})
    drawn = picture(told.finally_read({A: [(0, 1), (3, 3)]}), "lost-write")
    assert [brief(row) for row in drawn.rows] == ["0=1", "*1=2", "-2-2", "3=3"]


def test_an_offset_of_the_finding_without_a_record_is_a_marked_hole() -> None:
    judged = Told().sent(1, A, (0, 1)).finally_read({A: [(0, 1)]}).judged()
    drawn = picture_of(judged.versions, Example(what="the end is here", ops=(), key=0, offsets=(3,)))
    assert drawn is not None
    assert [brief(row) for row in drawn.rows] == ["0=1", "-1-2", "*-3-3"]


def test_readers_of_the_finding_come_first_and_the_final_one_always_last() -> None:
    told = Told().sent(1, A, *numbered(range(4)))
    for process in range(10, 20):
        told.polled(process, {A: numbered(range(4))})
    told.polled(19, {A: numbered([1])}).finally_read({A: numbered(range(4))})
    drawn = picture(told, "nonmonotonic-poll")
    assert [reader.process for reader in drawn.readers] == [19, 10, 11, 12, 13, 14, 15, "final"]
    assert len(drawn.readers) == MOST_READERS
    assert drawn.readers_left_out == 3


@pytest.mark.parametrize(
    "example",
    [Example(what="no key", ops=(0,)), Example(what="of a key of which nothing is known", ops=(), key=1, offsets=(1,))],
)
def test_what_has_no_place_in_a_log_has_no_picture(example: Example) -> None:
    told = Told().observed(9, A, high=0).observed(9, B, high=0).finally_read({})
    assert picture_of(told.judged().versions, example) is None


@st.composite
def histories(draw: st.DrawFn) -> Told:
    """Make histories in which much is wrong: any told offsets, any reads, any endings."""
    told, offsets = Told(), st.integers(min_value=0, max_value=40)
    for value in range(draw(st.integers(min_value=1, max_value=25))):
        told.invoke_send(value % 3, A, value)
        how = draw(st.sampled_from([OpType.OK, OpType.OK, OpType.FAIL, OpType.INFO]))
        told.end_send(value % 3, A, value, draw(st.none() | offsets) if how is OpType.OK else None, how)
    records = st.lists(st.tuples(offsets, st.integers(min_value=0, max_value=30)), max_size=20)
    for process in range(draw(st.integers(min_value=0, max_value=10))):
        told.polled(10 + process % 7, {A: draw(records)}, draw(st.sampled_from([OpType.OK, OpType.FAIL, OpType.INFO])))
    return told.finally_read({A: draw(records)})


@settings(max_examples=25)
@given(told=histories())
def test_every_finding_of_any_history_has_a_picture_that_fits(told: Told) -> None:
    judged = told.judged()
    for example in (example for anomaly in judged.anomalies for example in anomaly.examples[:2]):
        drawn = picture_of(judged.versions, example)
        if drawn is None:
            continue
        json.dumps(drawn.as_json())
        assert len(drawn.readers) <= MOST_READERS
        places = [row.offset for row in drawn.rows if isinstance(row, Record) and row.offset is not None]
        assert places == sorted(places)
        spans = [(row.first, row.last) for row in drawn.rows if isinstance(row, Hole | Gap)]
        assert all(first <= last for first, last in spans)
        assert all(before[1] < after[0] for before, after in pairwise(spans))
        assert len({*places}) + len(spans) <= MOST_ROWS
