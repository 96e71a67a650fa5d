"""Fault lines: what is written is read back, the last word on a fault counts, and a torn line announced nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.fault_lines import FaultLine, line_of, lines_of, merged, unreadable

WORDS = st.text(max_size=15)
LINES = st.builds(
    FaultLine,
    run=WORDS,
    number=st.integers(0, 9),
    place=WORDS,
    fault=WORDS,
    targets=st.lists(WORDS, max_size=3).map(tuple),
    remedies=st.lists(st.dictionaries(WORDS, WORDS | st.integers(), max_size=2), max_size=2).map(tuple),
    at=WORDS,
    ended=st.none() | WORDS,
)
LINE = FaultLine(run="a", number=1, place="here", fault="pause", targets=("kafka-1",), remedies=(), at="2026-01-01")


def journal(*lines: FaultLine) -> str:
    return "".join(f"{line.as_text()}\n" for line in lines)


@given(LINES)
def test_what_is_written_is_read_back(line: FaultLine) -> None:
    assert line_of(line.as_text()) == line


@given(st.lists(LINES))
def test_a_journal_has_one_line_for_each_fault_and_an_end_is_never_undone(lines: list[FaultLine]) -> None:
    read = lines_of(journal(*lines))
    assert {line.key for line in read} == {line.key for line in lines}
    assert len(read) == len({line.key for line in lines})
    for line in read:
        assert line.is_open == all(other.is_open for other in lines if other.key == line.key)


@given(st.lists(LINES, min_size=1), st.data())
def test_a_torn_last_line_is_left_out(lines: list[FaultLine], data: st.DataObject) -> None:
    whole, last = journal(*lines[:-1]), journal(lines[-1])
    torn = whole + last[: data.draw(st.integers(0, len(last) - 1))]
    assert lines_of(torn) == lines_of(whole)


@given(st.lists(LINES))
def test_faults_are_in_the_order_of_their_injection(lines: list[FaultLine]) -> None:
    assert [line.at for line in merged(lines)] == sorted(line.at for line in merged(lines))


@pytest.mark.parametrize("text", ["", "{}", "[]", "{", '"a"', json.dumps({"run": "a"}), LINE.as_text()[:-1]])
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        line_of(text)


def test_a_broken_line_in_the_middle_is_not_passed_over() -> None:
    with pytest.raises(ValueError):
        lines_of(f"{{\n{journal(LINE)}")


def test_a_line_that_cannot_be_read_is_open() -> None:
    line = unreadable("a", 3, "here", "garbage")
    assert (line.is_open, line.key, line.remedies) == (True, ("a", 3), ({"unreadable": "garbage"},))


def test_a_line_says_for_people_what_became_of_it() -> None:
    assert str(LINE) == "a/1 pause on kafka-1: open"
    assert str(replace(LINE, ended="healed and proven, today")) == "a/1 pause on kafka-1: healed and proven, today"
