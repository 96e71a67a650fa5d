"""Counters become rates only where they were seen to grow: a gap, or a counter that began anew, says nothing."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest

from harness.measuring.rates import all_periods, cpu, levels, per_second, spent, throttled, throttled_periods
from tests.load.samples import broker, usage

STEADY = broker(cores=0.2, throttled=3)


def test_a_rate_is_taken_over_the_nodes_own_clock() -> None:
    late = [replace(STEADY[0]), replace(STEADY[1], time_s=STEADY[1].time_s + 0.4)]
    ((time_s, value),) = per_second(late, cpu)
    assert time_s == pytest.approx(11.4)
    assert value == pytest.approx(0.2)


def test_throttling_is_a_share_of_the_periods_that_passed() -> None:
    assert [value for _, value in throttled(STEADY)] == pytest.approx([0.3] * (len(STEADY) - 1))
    still = [replace(sample, periods=5, throttled_periods=5) for sample in STEADY[:2]]
    assert throttled(still) == ((11.0, 0.0),)


@pytest.mark.parametrize(
    "samples",
    [
        [usage(0), usage(5)],
        [usage(5), replace(usage(6), cpu_s=0.1)],
        [usage(0), replace(usage(1), node_s=usage(0).node_s)],
    ],
    ids=["a gap", "a restart", "a clock that stands still"],
)
def test_what_was_not_seen_to_grow_is_not_a_number(samples: list[object]) -> None:
    ((_, value),) = per_second(samples, cpu)  # type: ignore[arg-type]  # all are samples
    assert isnan(value)


def test_a_counter_that_a_sample_lacks_is_not_a_number_and_a_level_is_left_out() -> None:
    samples = [usage(0), replace(usage(1), received_bytes=10, volume_used_bytes=7)]
    assert isnan(per_second(samples, lambda sample: sample.received_bytes)[0][1])
    assert levels(samples, lambda sample: sample.volume_used_bytes) == ((11.0, 7.0),)


def test_what_was_spent_between_two_moments_is_read_between_samples() -> None:
    assert spent(STEADY, cpu, from_s=11.5, until_s=14.5) == pytest.approx(0.6)
    assert spent(STEADY, all_periods, from_s=12, until_s=16) == pytest.approx(40)
    assert spent(STEADY, throttled_periods, from_s=12, until_s=16) == pytest.approx(12)


@pytest.mark.parametrize(("from_s", "until_s"), [(9.0, 12.0), (20.0, 24.0), (30.0, 34.0)])
def test_what_was_spent_while_nobody_looked_is_unknown(from_s: float, until_s: float) -> None:
    assert spent(STEADY, cpu, from_s=from_s, until_s=until_s) is None
    assert spent([], cpu, from_s=from_s, until_s=until_s) is None


def test_what_was_spent_across_a_gap_or_a_restart_is_unknown() -> None:
    gap = [sample for sample in STEADY if not 13 <= sample.time_s <= 16]
    assert spent(gap, cpu, from_s=12, until_s=18) is None
    again = [replace(sample, cpu_s=sample.cpu_s - 5) if sample.time_s >= 15 else sample for sample in STEADY]
    assert spent(again, cpu, from_s=12, until_s=18) is None
    assert spent(again, cpu, from_s=16, until_s=18) == pytest.approx(0.4)
