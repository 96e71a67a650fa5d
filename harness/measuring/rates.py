"""Rates: what the counters of a container say of a second or of a stretch of time, and where they say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import nan

from harness.measuring.usage import Usage

GAP_S = 3.0
"""Samples come once a second; between two that are further apart nothing was seen."""

Counter = Callable[[Usage], float | None]
Points = tuple[tuple[float, float], ...]


def cpu(sample: Usage) -> float:
    """Return the CPU time that a container has used."""
    return sample.cpu_s


def all_periods(sample: Usage) -> float:
    """Return how many periods of its quota a container has been through."""
    return sample.periods


def throttled_periods(sample: Usage) -> float:
    """Return in how many of them it was held back."""
    return sample.throttled_periods


def received(sample: Usage) -> float | None:
    """Return how many bytes a pod has received; None where nobody could look."""
    return sample.received_bytes


def per_second(samples: Sequence[Usage], of: Counter) -> Points:
    """Return how fast a counter grew, timed at the later sample; not a number where it was not seen to grow."""
    return tuple(
        (later.time_s, nan if grown is None else grown / (later.node_s - earlier.node_s))
        for earlier, later, grown in _grown(samples, of)
    )


def throttled(samples: Sequence[Usage]) -> Points:
    """Return the share of the CPU periods in which a container was held back, from sample to sample."""
    return tuple(
        (later.time_s, nan if grown is None else grown / periods if periods else 0.0)
        for earlier, later, grown in _grown(samples, throttled_periods)
        for periods in (later.periods - earlier.periods,)
    )


def levels(samples: Sequence[Usage], of: Counter) -> Points:
    """Return a value that is no counter, at each sample that has it."""
    found = ((sample.time_s, of(sample)) for sample in samples)
    return tuple((time_s, float(value)) for time_s, value in found if value is not None)


def spent(samples: Sequence[Usage], of: Counter, *, from_s: float, until_s: float) -> float | None:
    """Return by how much a counter grew between two moments of the run.

    Between samples it is taken to grow evenly. None when a part of that time was not seen, or the counter began anew.
    """
    total = covered_s = 0.0
    for earlier, later, grown in _grown(samples, of):
        common_s = min(until_s, later.time_s) - max(from_s, earlier.time_s)
        if common_s > 0:
            if grown is None:
                return None
            total += grown * common_s / (later.time_s - earlier.time_s)
            covered_s += common_s
    return total if covered_s >= (until_s - from_s) * (1 - 1e-6) else None


def _grown(samples: Sequence[Usage], of: Counter) -> Iterator[tuple[Usage, Usage, float | None]]:
    for earlier, later in pairwise(samples):
        then, now = of(earlier), of(later)
        is_seen = 0 < later.time_s - earlier.time_s <= GAP_S and later.node_s > earlier.node_s
        is_grown = is_seen and then is not None and now is not None and now >= then
        yield earlier, later, now - then if is_grown and then is not None and now is not None else None
