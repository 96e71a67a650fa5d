"""Pacing: every slot is due at its own time, whatever became of those before it."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clients.pacing import due_ns
from harness.runclock import NS_PER_S


def test_the_first_record_is_due_at_once() -> None:
    assert next(due_ns(started_ns=77, rate_hz=50)) == 77


@given(st.floats(0.1, 10_000), st.integers(0, 2**60), st.integers(1, 500))
def test_a_slot_is_due_at_its_number_over_the_rate_without_a_drift(rate_hz: float, started_ns: int, slot: int) -> None:
    due = next(islice(due_ns(started_ns=started_ns, rate_hz=rate_hz), slot, None))
    assert due - started_ns == pytest.approx(slot * NS_PER_S / rate_hz, abs=1)


@given(st.floats(0.1, 10_000))
def test_slots_follow_each_other(rate_hz: float) -> None:
    assert all(here < there for here, there in pairwise(islice(due_ns(started_ns=0, rate_hz=rate_hz), 50)))


@pytest.mark.parametrize("rate_hz", [0, -1])
def test_a_rate_of_nothing_is_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match=r"got rate_hz=.*, expected more than 0"):
        next(due_ns(started_ns=0, rate_hz=rate_hz))
