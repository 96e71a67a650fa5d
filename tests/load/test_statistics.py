"""Few repeats: an interval that is as wide as they scatter."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measuring.statistics import interval, t_95


def test_the_interval_of_three_repeats_is_the_one_of_the_textbook() -> None:
    found = interval([9.0, 10.0, 11.0])
    assert found.mean == 10
    assert found.high - found.mean == pytest.approx(4.303 / 3**0.5)


def test_repeats_that_agree_are_still_only_known_to_their_resolution() -> None:
    found = interval([100, 100, 100], resolution=0.05)
    assert (found.low, found.high) == (97.5, 102.5)


@pytest.mark.parametrize("values", [[], [1.0]])
def test_a_single_repeat_says_nothing(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two"):
        interval(values)


def test_about_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    rng = random.Random(7)
    found = [interval([rng.gauss(1000, 20) for _ in range(3)]) for _ in range(2000)]
    assert 0.93 < sum(one.low <= 1000 <= one.high for one in found) / len(found) < 0.97


def test_the_uncertainty_is_a_share_of_the_mean() -> None:
    assert interval([100, 100, 100], resolution=0.05).uncertainty == pytest.approx(0.025)


@given(st.floats(1, 500))
def test_more_repeats_never_make_t_wider(degrees: float) -> None:
    assert t_95(degrees + 1) <= t_95(degrees)
