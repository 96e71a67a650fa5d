"""Steadiness: a warm-up is over when what was measured has stopped drifting, not when a time has passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from harness.checkers.load.slopes import slope

WINDOW_S = 10.0
DRIFT = 0.15
"""Of the median, over the window: a broker's CPU goes up and down by more than this from second to second."""

Points = Sequence[tuple[float, float]]


def is_steady(curves: Iterable[Points], *, now_s: float, window_s: float = WINDOW_S, drift: float = DRIFT) -> bool:
    """Say whether every curve was seen for the whole window and drifted little in it; no curve at all is not steady."""
    seen = [_within(points, since_s=now_s - window_s) for points in curves]
    return bool(seen) and all(_is_flat(points, window_s=window_s, drift=drift) for points in seen)


def _within(points: Points, *, since_s: float) -> Points:
    return [point for point in points if point[0] > since_s]


def _is_flat(points: Points, *, window_s: float, drift: float) -> bool:
    if len(points) < 0.8 * window_s:
        return False
    middle = median(value for _, value in points)
    return abs(slope(points)) * window_s <= drift * abs(middle)
