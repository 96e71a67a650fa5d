"""Histograms: merging is exact, encoding loses nothing, and nothing is dropped in silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measuring.histogram import HIGHEST_US, Histogram

DURATIONS_US = st.lists(st.integers(0, HIGHEST_US), max_size=60)


def histogram_of(values_us: list[int]) -> Histogram:
    histogram = Histogram()
    for value_us in values_us:
        histogram.record_us(value_us)
    return histogram


@given(DURATIONS_US, DURATIONS_US)
def test_a_merged_histogram_is_the_histogram_of_the_union(some: list[int], others: list[int]) -> None:
    merged = histogram_of(some)
    merged.add(histogram_of(others))
    assert merged == histogram_of(some + others)
    assert merged.count == len(some) + len(others)


@given(st.lists(st.integers(-10, 2 * HIGHEST_US) | st.integers(0, 10_000), max_size=60))
def test_many_at_once_are_counted_as_each_by_itself(values_us: list[int]) -> None:
    at_once = Histogram()
    at_once.record_many_us(np.array(values_us, dtype=np.int64))
    one_by_one = histogram_of(values_us)
    assert at_once == one_by_one
    assert at_once.count == len(values_us)
    assert list(at_once.items()) == list(one_by_one.items())
    assert Histogram(at_once.encode()) == one_by_one
    if values_us:
        for percentile in (0, 50, 99, 100):
            assert at_once.percentile_ms(percentile) == one_by_one.percentile_ms(percentile)


@given(DURATIONS_US)
def test_encoding_loses_nothing(values_us: list[int]) -> None:
    histogram = histogram_of(values_us)
    decoded = Histogram(histogram.encode())
    assert decoded == histogram
    decoded.add(histogram)
    assert decoded == histogram_of(values_us + values_us)


@given(st.lists(st.integers(1, HIGHEST_US), min_size=1, max_size=60))
def test_percentiles_are_right_to_three_digits(values_us: list[int]) -> None:
    median_us = sorted(values_us)[(len(values_us) + 1) // 2 - 1]
    assert histogram_of(values_us).percentile_ms(50) * 1000 == pytest.approx(median_us, rel=0.001, abs=1)


def test_a_duration_out_of_range_is_counted_at_the_limit() -> None:
    histogram = histogram_of([-5, HIGHEST_US * 2])
    assert histogram.count == 2
    assert histogram.percentile_ms(100) == pytest.approx(HIGHEST_US / 1000, rel=0.001)


def test_an_empty_histogram_has_no_percentiles() -> None:
    assert Histogram().encode() == ""
    with pytest.raises(ValueError, match="empty"):
        Histogram().percentile_ms(99)


def test_values_above_a_limit_are_counted() -> None:
    assert histogram_of([50_000, 99_000, 101_000, 2_000_000]).count_above_ms(100) == 2
