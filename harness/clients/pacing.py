"""Open-loop pacing: when each record is due, whatever became of those before it."""

from __future__ import annotations

from collections.abc import Iterator


def due_ns(*, started_ns: int, rate_hz: float) -> Iterator[int]:
    """Give the intended time of each slot; a late sender catches up, so a stall shows as lateness, never as a pause."""
    if rate_hz <= 0:
        raise ValueError(f"got rate_hz={rate_hz}, expected more than 0")
    slot = 0
    while True:
        yield started_ns + int(slot * 1_000_000_000 / rate_hz)
        slot += 1
