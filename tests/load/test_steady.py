"""Steadiness: seen when there is little drift, and never without having looked for the whole window."""

from __future__ import annotations

import random

from harness.measuring.steady import is_steady


def curve(seconds: int, *, start: float, end: float, noise: float = 0.0) -> list[tuple[float, float]]:
    rng = random.Random(1)
    step = (end - start) / max(1, seconds - 1)
    return [(float(s), start + step * s + rng.uniform(-noise, noise)) for s in range(seconds)]


def test_a_flat_curve_is_steady_however_noisy() -> None:
    assert is_steady([curve(20, start=0.4, end=0.4, noise=0.05)], now_s=19)


def test_a_falling_curve_is_not_steady() -> None:
    assert not is_steady([curve(20, start=0.5, end=0.2)], now_s=19)


def test_one_curve_that_drifts_is_enough() -> None:
    assert not is_steady([curve(20, start=1, end=1), curve(20, start=1, end=3)], now_s=19)


def test_a_curve_that_settled_is_steady() -> None:
    late = [(20.0 + s, 0.3) for s in range(12)]
    assert is_steady([[*curve(20, start=0.5, end=0.3), *late]], now_s=31)


def test_what_was_not_seen_long_enough_is_not_steady() -> None:
    assert not is_steady([], now_s=100)
    assert not is_steady([curve(5, start=1, end=1)], now_s=4)
    assert not is_steady([curve(20, start=1, end=1)], now_s=40)
