"""Slopes: how fast something grows, undisturbed by single seconds that stand out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median slope over all pairs of points (Theil and Sen), in units of y per unit of x.

    A least-squares line would take one late burst at the end of a trial for growth.
    """
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 != x1]
    if not slopes:
        raise ValueError(f"got {len(points)} points, expected at least two at different times")
    return median(slopes)
