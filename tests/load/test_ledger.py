"""Ledgers: runs say the same as the marks that they were made from."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from harness.measuring.ledger import Marks

SEQUENCES = st.lists(st.integers(0, 40), max_size=60)


def marks_of(sequences: list[int]) -> Marks:
    marks = Marks()
    for sequence in sequences:
        marks.mark(sequence)
    return marks


@given(SEQUENCES)
def test_runs_say_how_often_each_was_marked(sequences: list[int]) -> None:
    expected = Counter(sequences)
    again = Marks(marks_of(sequences).runs())
    assert {sequence: again.count(sequence) for sequence in range(60) if again.count(sequence)} == expected


@given(SEQUENCES, SEQUENCES)
def test_runs_of_several_readers_add_up(some: list[int], others: list[int]) -> None:
    together = Marks([*marks_of(some).runs(), *marks_of(others).runs()])
    assert together.runs() == marks_of(some + others).runs()


def test_a_load_without_mishap_is_one_run() -> None:
    assert marks_of(list(range(1000))).runs() == ((0, 999, 1),)


def test_many_marks_are_not_lost_in_an_overflow() -> None:
    assert marks_of([3] * 300).count(3) == 255
