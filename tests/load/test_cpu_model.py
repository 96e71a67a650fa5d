"""The CPU model: it finds what made the figures, and does not tell apart what they cannot."""

from __future__ import annotations

import random

import pytest

from harness.measuring.cpu_model import Point, fit


def point(records_per_s: float, *, record_bytes: int = 1000, noise: float = 0.0) -> Point:
    """Return a trial of a broker that takes 0.1 cores idle, 0.02 for each MB/s and 0.05 for each 1000 records/s."""
    mb_per_s = records_per_s * record_bytes / 1e6
    cores = 0.1 + 0.02 * mb_per_s + 0.05 * records_per_s / 1000
    return Point(mb_per_s=mb_per_s, records_per_s=records_per_s, cores=cores + noise)


def test_two_sizes_of_records_tell_bytes_from_records() -> None:
    model = fit([point(hz, record_bytes=size) for hz in (500, 1000, 2000) for size in (100, 10_000)])
    assert model is not None
    assert model.base_cores == pytest.approx(0.1)
    assert model.cores_per_mb_s == pytest.approx(0.02)
    assert model.cores_per_1000_records == pytest.approx(0.05)
    assert model.r2 == pytest.approx(1)


def test_one_size_of_records_gives_a_capacity_and_no_split() -> None:
    model = fit([point(hz) for hz in (500, 1000, 2000, 3000)])
    assert model is not None
    assert model.cores_per_1000_records is None
    assert model.capacity_records_per_s(0.5) == pytest.approx(0.4 / 0.07 * 1000)
    assert model.capacity_records_per_s(1.0) == pytest.approx(0.9 / 0.07 * 1000)
    assert model.capacity_records_per_s(0.05) == 0


def test_noise_lowers_r2_and_moves_the_capacity_little() -> None:
    rng = random.Random(3)
    model = fit([point(hz, noise=rng.gauss(0, 0.01)) for hz in range(500, 4000, 250)])
    assert model is not None
    assert 0.9 < model.r2 < 1
    assert model.capacity_records_per_s(0.5) == pytest.approx(0.4 / 0.07 * 1000, rel=0.1)


@pytest.mark.parametrize("rates", [[], [1000], [500, 1000], [1000, 1000, 1000]])
def test_too_few_rates_give_no_model(rates: list[float]) -> None:
    assert fit([point(hz) for hz in rates]) is None


def test_records_that_cost_nothing_predict_no_capacity() -> None:
    model = fit([Point(mb_per_s=hz / 1000, records_per_s=hz, cores=0.3) for hz in (500, 1000, 2000)])
    assert model is not None
    capacity = model.capacity_records_per_s(0.5)
    assert capacity is None or capacity > 1e6
