"""The schedule of an open loop: when each record is due, whatever became of those before it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from harness.runclock import NS_PER_S


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Evenly spaced slots from a moment on; exact integers, so that an hour of slots does not drift."""

    started_ns: int
    rate_hz: float
    duration_s: float

    def __post_init__(self) -> None:
        if self.rate_hz <= 0 or self.duration_s <= 0:
            raise ValueError(f"got {self.rate_hz} records/s for {self.duration_s} s, expected both above 0")

    @cached_property
    def _rate(self) -> tuple[int, int]:
        """The rate as a whole number of slots in a whole number of nanoseconds."""
        rate = Fraction(self.rate_hz).limit_denominator(1000)
        return rate.numerator, rate.denominator * NS_PER_S

    @cached_property
    def total(self) -> int:
        """How many slots there are in all."""
        slots, nanoseconds = self._rate
        return int(Fraction(self.duration_s).limit_denominator(1000) * NS_PER_S) * slots // nanoseconds

    def intended_ns(self, slot: int) -> int:
        """Return the moment at which a slot is due."""
        slots, nanoseconds = self._rate
        return self.started_ns + slot * nanoseconds // slots

    def due_by(self, now_ns: int) -> int:
        """Return how many slots are due at a moment: the slots 0 to one less than that."""
        elapsed_ns = now_ns - self.started_ns
        if elapsed_ns < 0:
            return 0
        slots, nanoseconds = self._rate
        return min(-(-(elapsed_ns + 1) * slots // nanoseconds), self.total)
