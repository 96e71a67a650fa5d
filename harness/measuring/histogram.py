"""A histogram of durations: merged, never averaged, three digits exact from one microsecond to one hour."""

from __future__ import annotations

from collections.abc import Iterator

from hdrh.histogram import HdrHistogram

HIGHEST_US = 3_600_000_000
DIGITS = 3


class Histogram:
    """Counts of durations in microseconds; an HdrHistogram whose limits are the same in every process.

    The library costs 0.9 µs for each value, under 1 % of a core at the rates of the gate.
    """

    def __init__(self, encoded: str = "") -> None:
        self._hdr = HdrHistogram.decode(encoded.encode()) if encoded else HdrHistogram(1, HIGHEST_US, DIGITS)

    def record_us(self, value_us: int, *, count: int = 1) -> None:
        """Count a duration; one outside the range is counted at its limit, because the library would drop it."""
        self._hdr.record_value(min(max(value_us, 0), HIGHEST_US), count)

    def add(self, other: Histogram) -> None:
        """Add another histogram's counts to these: exactly as if its durations had been recorded here."""
        self._hdr.add(other._hdr)

    def encode(self) -> str:
        """Return the standard compressed form (HdrHistogram V2, base64); nothing for an empty histogram."""
        return str(self._hdr.encode().decode()) if self.count else ""

    @property
    def count(self) -> int:
        return int(self._hdr.total_count)

    def items(self) -> Iterator[tuple[int, int]]:
        """Yield each recorded duration (the lowest that its bucket stands for) and its count, upwards."""
        if not self.count:
            return
        highest = self._hdr.get_counts_array_index(self._hdr.max_value)
        for index, count in enumerate(self._hdr.counts[: highest + 1]):
            if count:
                yield int(self._hdr.get_value_from_index(index)), int(count)

    def percentile_ms(self, percentile: float) -> float:
        """Return the duration in milliseconds that this share of the values does not exceed."""
        if not self.count:
            raise ValueError("got an empty histogram, expected at least one value: it has no percentiles")
        return int(self._hdr.get_value_at_percentile(percentile)) / 1000

    def count_above_ms(self, limit_ms: float) -> int:
        """Count the values above a limit; a bucket that holds the limit is not above it."""
        return sum(count for value_us, count in self.items() if value_us > limit_ms * 1000)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and bytes(self._hdr.counts) == bytes(other._hdr.counts)

    __hash__ = None  # type: ignore[assignment]  # it changes with every value

    def __repr__(self) -> str:
        shown = f", p50 {self.percentile_ms(50):g} ms, p99 {self.percentile_ms(99):g} ms" if self.count else ""
        return f"Histogram({self.count} values{shown})"
