"""A stall: how many records are late when nothing is answered for a while, by arithmetic and as counted."""

from __future__ import annotations

from dataclasses import dataclass

from harness.measuring.histogram import Histogram


@dataclass(frozen=True, kw_only=True)
class Late:
    """How many records were later than a limit, and how many must have been."""

    limit_ms: float
    counted: int
    computed: float

    @property
    def error_ratio(self) -> float:
        """By how much the count differs from the arithmetic; 0 is exact."""
        return self.counted / self.computed - 1

    def as_json(self) -> dict[str, object]:
        return {
            "limit_ms": self.limit_ms,
            "counted": self.counted,
            "computed": round(self.computed, 1),
            "error_ratio": round(self.error_ratio, 4),
        }


def late(latency: Histogram, *, rate_hz: float, stall_s: float, limit_ms: float) -> Late:
    """Count the records later than a limit below the stall's length, beside the arithmetic of an open loop.

    A record that was due when the stall had `r` seconds left is `r` late at least. So those later than the limit are
    those that were due before the stall had only that much left. A generator that waits for answers sends hardly
    any of them, and shows hardly any late record.
    """
    if not 0 < limit_ms < stall_s * 1000:
        raise ValueError(f"got a limit of {limit_ms:g} ms, expected one within the stall of {stall_s:g} s")
    return Late(
        limit_ms=limit_ms,
        counted=latency.count_above_ms(limit_ms),
        computed=rate_hz * (stall_s - limit_ms / 1000),
    )
