"""Ledgers: runs say the same as the marks that they were made from."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.measuring import ledger
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


@given(st.lists(SEQUENCES, max_size=8), st.integers(0, 30))
def test_what_is_settled_is_not_forgotten(batches: list[list[int]], settled: int) -> None:
    """However early the part without a hole is turned into a run, the marks say the same."""
    before, ledger.SETTLED = ledger.SETTLED, settled
    try:
        marks = Marks()
        for batch in batches:
            marks.mark_many(np.array(batch, dtype=np.int64))
    finally:
        ledger.SETTLED = before
    expected = Counter(sequence for batch in batches for sequence in batch)
    assert {sequence: marks.count(sequence) for sequence in range(60) if marks.count(sequence)} == expected
    said = {sequence: count for first, last, count in marks.runs() for sequence in range(first, last + 1)}
    assert said == expected
    assert len(marks) == max(expected, default=-1) + 1


def test_hours_of_a_healthy_load_take_no_memory() -> None:
    marks = Marks()
    for first in range(0, 3_000_000, 10_000):
        marks.mark_many(np.arange(first, first + 10_000))
    assert marks.runs() == ((0, 2_999_999, 1),)
    assert marks._counts.nbytes < 4 * ledger.SETTLED


def test_many_marks_are_not_lost_in_an_overflow() -> None:
    assert marks_of([3] * 300).count(3) == 255
