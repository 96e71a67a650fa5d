"""The CPU model: what a broker's CPU is spent on, fitted to trials, as a second estimate of what a quota carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_POINTS = 3
MOST_DEPENDENT = 1e4
"""Condition of the scaled columns from which on bytes and records cannot be told apart: records of one size."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One trial that was carried: what went through the cluster, and the cores that its busiest broker used."""

    mb_per_s: float
    records_per_s: float
    cores: float


@dataclass(frozen=True, kw_only=True)
class CpuModel:
    """CPU = base + a x MB/s + b x 1000 records/s.

    Records of one size cannot tell bytes from records: then all is put on the bytes, and `cores_per_1000_records` is
    None. It predicts for records of that size only.
    """

    base_cores: float
    cores_per_mb_s: float
    cores_per_1000_records: float | None
    r2: float
    record_mb: float

    def capacity_records_per_s(self, quota_cores: float) -> float | None:
        """Return how many records of the fitted size a quota carries; None when records cost nothing measurable."""
        each = self.cores_per_mb_s * self.record_mb + (self.cores_per_1000_records or 0.0) / 1000
        return max(0.0, (quota_cores - self.base_cores) / each) if each > 0 else None


def fit(points: Sequence[Point]) -> CpuModel | None:
    """Fit the model by least squares; None when the points are too few, or all at one rate."""
    rates = {round(point.records_per_s, 3) for point in points if point.records_per_s > 0}
    if len(points) < LEAST_POINTS or len(rates) < LEAST_POINTS:
        return None
    megabytes = np.array([point.mb_per_s for point in points])
    thousands = np.array([point.records_per_s for point in points]) / 1000
    cores = np.array([point.cores for point in points])
    columns = np.column_stack([np.ones(len(points)), megabytes / megabytes.max(), thousands / thousands.max()])
    is_apart = len(points) > LEAST_POINTS and np.linalg.cond(columns) < MOST_DEPENDENT
    solved = np.linalg.lstsq(columns if is_apart else columns[:, :2], cores, rcond=None)[0]
    missed = cores - (columns if is_apart else columns[:, :2]) @ solved
    spread = float(((cores - cores.mean()) ** 2).sum())
    return CpuModel(
        base_cores=float(solved[0]),
        cores_per_mb_s=float(solved[1] / megabytes.max()),
        cores_per_1000_records=float(solved[2] / thousands.max()) if is_apart else None,
        r2=1 - float((missed**2).sum()) / spread if spread else 0.0,
        record_mb=float(megabytes.sum() / (1000 * thousands.sum())),
    )
