"""Statistics of few repeats: how sure a mean is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance

CONFIDENCE = 0.95

T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t that 95 % of the values lie within, both sides, for 1, 2, 3 ... 30 degrees of freedom."""


def t_95(degrees: float) -> float:
    """Return Student's t for 95 %; between two whole degrees of freedom the wider one."""
    if degrees < 1:
        raise ValueError(f"got {degrees} degrees of freedom, expected at least 1")
    return T_95[min(int(degrees), len(T_95)) - 1]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and where it lies with a confidence of 95 %."""

    mean: float
    low: float
    high: float

    @property
    def uncertainty(self) -> float:
        """How far the true mean may be from this one, as a share of it."""
        return (self.high - self.low) / (2 * self.mean)


def interval(values: Sequence[float], *, resolution: float = 0.0) -> Interval:
    """Return the mean of at least two repeats with its interval.

    `resolution` is the share of the mean that each value is only known to: three repeats that happen to agree do not
    make a search finer than its last step.
    """
    if len(values) < 2:
        raise ValueError(f"got {len(values)} values, expected at least two: one says nothing of its noise")
    mean = fmean(values)
    half = t_95(len(values) - 1) * sqrt(variance(values) / len(values)) + resolution * mean / 2
    return Interval(mean=mean, low=mean - half, high=mean + half)
