"""The checkers together: a run in which nothing went wrong is a PASS by all, and one planted bug is found by its own.

A log that never errs is simulated, with slow, unlucky and refused clients. Then exactly one thing is made wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from harness.checkers import duplicate, order, phantom, unseen
from harness.ops import History, OpType, Read, Send
from harness.verdict import Judgement, Verdict
from tests.checkers.made import FINAL, READERS, clean_histories

Checker = Callable[[History], Judgement]
CHECKERS: tuple[Checker, ...] = (unseen.check, duplicate.check, order.check, phantom.check)


def verdicts(history: History) -> dict[str, Verdict]:
    return {judged.checker: judged.verdict for judged in (check(history) for check in CHECKERS)}


def findings(history: History) -> dict[str, set[str]]:
    """Return the anomalies that each checker reports, checkers without any left out."""
    judged = [check(history) for check in CHECKERS]
    return {j.checker: {finding.anomaly for finding in j.findings} for j in judged if j.verdict is Verdict.FAIL}


@given(clean_histories())
def test_a_run_in_which_nothing_went_wrong_is_a_pass_by_all(history: History) -> None:
    assert verdicts(history) == dict.fromkeys(("unseen", "duplicate", "order", "phantom-read"), Verdict.PASS)


@given(clean_histories(), st.data())
def test_an_acknowledged_record_that_is_dropped_is_found(history: History, data: st.DataObject) -> None:
    victim = data.draw(st.sampled_from(history.acknowledged))
    broken = replace(history, reads=tuple(r for r in history.reads if (r.key, r.value) != (victim.key, victim.value)))
    assert findings(broken)["unseen"] == {"unseen"}
    assert findings(broken).keys() <= {"unseen", "order"}, "whoever polled past it skipped it"


@given(clean_histories(), st.data())
def test_a_value_that_is_appended_once_more_is_found(history: History, data: st.DataObject) -> None:
    victim = data.draw(st.sampled_from(history.final_reads))
    again = replace(victim, offset=_end(history, victim.key))
    assert findings(replace(history, reads=(*history.reads, again))) == {"duplicate": {"duplicate"}}


@given(clean_histories(), st.data())
def test_two_records_of_one_producer_that_change_places_are_found(history: History, data: st.DataObject) -> None:
    one, other = data.draw(st.sampled_from(_pairs_of_one_producer(history)))
    places = {(one.key, one.offset): other.value, (other.key, other.offset): one.value}
    offsets = {(one.key, one.value): other.offset, (other.key, other.value): one.offset}
    broken = replace(
        history,
        sends=tuple(replace(s, offset=offsets.get((s.key, s.value), s.offset)) for s in history.sends),
        reads=tuple(replace(r, value=places.get((r.key, r.offset), r.value)) for r in history.reads),
    )
    assert findings(broken) == {"order": {"nonmonotonic-send"}}


@given(clean_histories(), st.data())
def test_a_value_that_nobody_sent_is_found(history: History, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(history.final_reads)).key
    ghost = Read(key=key, value="a ghost", offset=_end(history, key), process=FINAL, time_ns=0)
    assert findings(replace(history, reads=(*history.reads, ghost))) == {"phantom-read": {"phantom-read"}}


@given(clean_histories(), st.data())
def test_a_record_that_surely_failed_and_is_read_is_found(history: History, data: st.DataObject) -> None:
    victim = data.draw(st.sampled_from(history.final_reads))
    sends = tuple(
        replace(s, outcome=OpType.FAIL, offset=None) if (s.key, s.value) == (victim.key, victim.value) else s
        for s in history.sends
    )
    assert findings(replace(history, sends=sends)) == {"phantom-read": {"aborted-read"}}


@given(clean_histories().filter(lambda history: bool(_inner_reads(history))), st.data())
def test_a_record_that_a_consumer_jumps_over_is_found(history: History, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(_inner_reads(history)))
    broken = replace(history, reads=(*history.reads[:place], *history.reads[place + 1 :]))
    assert findings(broken) == {"order": {"poll-skip"}}


@given(clean_histories().filter(lambda history: bool(_inner_reads(history))), st.data())
def test_a_record_that_a_consumer_is_given_again_is_found(history: History, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(_inner_reads(history)))
    again = history.reads[place]
    broken = replace(history, reads=(*history.reads[: place + 1], again, *history.reads[place + 1 :]))
    assert findings(broken) == {"order": {"nonmonotonic-poll"}}


def _end(history: History, key: str) -> int:
    return max(read.offset for read in history.reads if read.key == key) + 1


def _pairs_of_one_producer(history: History) -> list[tuple[Send, Send]]:
    placed = [send for send in history.acknowledged if send.offset is not None]
    return [(a, b) for a, b in combinations(placed, 2) if (a.process, a.key) == (b.process, b.key)]


def _inner_reads(history: History) -> list[int]:
    """Return the places of reads that a following consumer made between two others of the same partition."""
    places: dict[tuple[int | str, str], list[int]] = defaultdict(list)
    for place, read in enumerate(history.reads):
        if read.process in READERS:
            places[read.process, read.key].append(place)
    return [place for of_one in places.values() for place in of_one[1:-1]]
