"""The clock of a load: another machine's difference is known as well as the quickest answer was quick."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from load.clock import Difference, Exchange, difference, machine

MS = 1_000_000
DELAYS = st.integers(0, 500 * MS)


def exchange(asked_ns: int, *, there_ns: int, back_ns: int, ahead_ns: int) -> Exchange:
    """Return a question that took so long to be asked and so long to be answered, by a clock that is ahead."""
    said_ns = asked_ns + there_ns + ahead_ns
    return Exchange(asked_ns=asked_ns, said_ns=said_ns, answered_ns=asked_ns + there_ns + back_ns)


@given(st.integers(-(10**15), 10**15), st.lists(st.tuples(DELAYS, DELAYS), min_size=1))
def test_the_difference_is_never_further_off_than_it_says(ahead_ns: int, delays: list[tuple[int, int]]) -> None:
    asked = [exchange(n * 10**9, there_ns=a, back_ns=b, ahead_ns=ahead_ns) for n, (a, b) in enumerate(delays)]
    found = difference(asked)
    assert abs(found.ns - ahead_ns) <= found.uncertainty_ns + 1
    assert found.uncertainty_ns == min(a + b for a, b in delays) // 2


def test_the_quickest_answer_counts() -> None:
    slow = exchange(0, there_ns=80 * MS, back_ns=0, ahead_ns=5)
    quick = exchange(10**9, there_ns=MS, back_ns=MS, ahead_ns=5)
    assert difference([slow, quick]) == Difference(ns=5, uncertainty_ns=MS)


def test_one_machine_has_one_name() -> None:
    assert machine() == machine() != ""
