"""Drift: whether one load run differs from another by more than its noise, figure by figure. Pure.

Seconds that follow each other are alike: a collection of garbage or a starved CPU period reaches into the next one, so
a test that takes each second for a witness of its own finds differences between two halves of one run. The witnesses
are blocks of four seconds instead: the median latency of brokers at work correlated with itself by 0.7 after one second
and by 0.1 after four. A block's latency is a percentile of its merged histogram, never a mean of percentiles.

Blocks are compared with blocks of the same rate only, for latency depends on the rate, and the differences at all
common rates are put together as one ratio with one interval (Welch's t). Many figures are many chances of a false
alarm, so each interval is as wide as it takes for all of them together to hold at 95 % (Bonferroni).

The noise is that within a run. Two deployments of one cluster may differ by more, so a change is called one only when
it is also as large as the figure's resolution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import exp, inf, log, sqrt
from statistics import fmean, variance
from typing import Any

from scipy.special import stdtrit

BLOCK_S = 4
LEAST_BLOCKS = 2
"""Of a rate, on both sides: a single one says nothing of its noise."""
SAME_RATE = 0.01
"""Rates that differ by less are the same rate: nothing that is measured here is as exact."""
CONFIDENCE = 0.95


class Difference(Enum):
    """What can be said of one figure, or of all of them."""

    SAME = "same within noise"
    BETTER = "better"
    WORSE = "worse"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, kw_only=True)
class Block:
    """A few seconds of one rate that was carried; None is what was not measured, or does not apply."""

    acknowledged_per_s: float
    produce_p50_ms: float | None = None
    produce_p99_ms: float | None = None
    end_to_end_p50_ms: float | None = None
    end_to_end_p99_ms: float | None = None
    cpu_s_per_mb: float | None = None
    received_per_byte: float | None = None
    """What all brokers together received, from producers and from each other, for each byte of a record's value."""
    throttled_ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one run left to be compared: its profile, its estimates of the knee, and the blocks of each rate."""

    run_id: str
    profile: Mapping[str, Any]
    is_testbed: bool
    repeats: tuple[float, ...] = ()
    last_carried: bool | None = None
    """Whether the rate that the plan ends with was carried; None when nothing could be said."""
    blocks: Mapping[float, tuple[Block, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of both runs: its change from the first to the second, and between what that change lies.

    Changes are shares (0.1 is a tenth more), but of a figure that is a share itself (`is_share`) they are differences.
    """

    name: str
    unit: str
    difference: Difference
    why: str
    before: float | None = None
    after: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    is_share: bool = False
    is_drift: bool = False
    """Whether the change is also larger than what two deployments of one cluster differ by."""
    rates_hz: tuple[float, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "unit": self.unit,
            "difference": self.difference.value,
            "why": self.why,
            "before": self.before,
            "after": self.after,
            "change": self.change,
            "low": self.low,
            "high": self.high,
            "is_share": self.is_share,
            "is_drift": self.is_drift,
            "rates_hz": list(self.rates_hz),
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All figures of two runs, and what they say together."""

    before: str
    after: str
    difference: Difference
    reason: str
    figures: tuple[Figure, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "before": self.before,
            "after": self.after,
            "difference": self.difference.value,
            "reason": self.reason,
            "figures": [figure.as_json() for figure in self.figures],
        }


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one figure is compared; `resolution` is the least change that is called one.

    `deployments` is the least that is called a drift: two deployments of one cluster differ by about half of it. None
    where they differ by so much that no change would be one. An interval that leaves a change of `widest` open has too
    few samples behind it to say that nothing changed.
    """

    name: str
    unit: str
    of: Callable[[Block], float | None]
    resolution: float
    widest: float
    deployments: float | None = None
    more_is_better: bool = False
    is_share: bool = False
    needs_readers: bool = False


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Values of both runs that may be compared with each other: those at one rate."""

    rate_hz: float
    before: tuple[float, ...]
    after: tuple[float, ...]


KNEE = Kind(
    name="knee",
    unit="records/s",
    of=lambda _: None,
    resolution=0.05,
    widest=0.25,
    deployments=0.2,
    more_is_better=True,
)
KINDS = (
    Kind(
        name="throughput",
        unit="records/s",
        of=lambda block: block.acknowledged_per_s,
        resolution=0.01,
        widest=0.1,
        more_is_better=True,
    ),
    Kind(name="produce latency p50", unit="ms", of=lambda block: block.produce_p50_ms, resolution=0.1, widest=0.5),
    Kind(name="produce latency p99", unit="ms", of=lambda block: block.produce_p99_ms, resolution=0.1, widest=0.5),
    Kind(
        name="end-to-end latency p50",
        unit="ms",
        of=lambda block: block.end_to_end_p50_ms,
        resolution=0.1,
        widest=0.5,
        needs_readers=True,
    ),
    Kind(
        name="end-to-end latency p99",
        unit="ms",
        of=lambda block: block.end_to_end_p99_ms,
        resolution=0.1,
        widest=0.5,
        needs_readers=True,
    ),
    Kind(
        name="broker CPU",
        unit="s/MB",
        of=lambda block: block.cpu_s_per_mb,
        resolution=0.05,
        widest=0.25,
        deployments=0.3,
    ),
    Kind(
        name="broker network",
        unit="bytes for a record's byte",
        of=lambda block: block.received_per_byte,
        resolution=0.05,
        widest=0.25,
        deployments=0.15,
    ),
    Kind(
        name="throttling",
        unit="of CPU periods",
        of=lambda block: block.throttled_ratio,
        resolution=0.02,
        widest=0.2,
        is_share=True,
    ),
)


def compare(before: Measured, after: Measured) -> Comparison:
    """Compare a run with an earlier one. One worse figure makes it worse; what could not be compared is never same."""
    unlike = _unlike(before, after)
    if unlike:
        return _said(before, after, Difference.UNKNOWN, f"the runs are not alike: {unlike}")
    figures = tuple(_figures(before, after))
    for difference in (Difference.WORSE, Difference.UNKNOWN, Difference.BETTER):
        found = [figure for figure in figures if figure.difference is difference]
        if found:
            reason = "; ".join(f"{figure.name}: {figure.why}" for figure in found)
            return _said(before, after, difference, reason, figures)
    return _said(before, after, Difference.SAME, f"{len(figures)} figures are the same within noise", figures)


def _said(
    before: Measured, after: Measured, difference: Difference, reason: str, figures: tuple[Figure, ...] = ()
) -> Comparison:
    return Comparison(before=before.run_id, after=after.run_id, difference=difference, reason=reason, figures=figures)


def _unlike(before: Measured, after: Measured) -> str:
    """Say in what two runs differ that makes their figures incomparable; how records are sent may well differ."""
    parts = [
        part for part in ("name", "plan", "objectives", "disturbance") if _part(before, part) != _part(after, part)
    ]
    parts += [
        f"traffic: {name}"
        for name in ("partitions", "replication_factor", "groups", "records")
        if _traffic(before, name) != _traffic(after, name)
    ]
    if before.is_testbed != after.is_testbed:
        parts.append("the kind of cluster")
    return ", ".join(parts)


def _part(run: Measured, name: str) -> object:
    return run.profile.get(name)


def _traffic(run: Measured, name: str) -> object:
    traffic = run.profile.get("traffic")
    return traffic.get(name) if isinstance(traffic, Mapping) else None


def _figures(before: Measured, after: Measured) -> Iterator[Figure]:
    is_read = bool(_traffic(before, "groups"))  # where nobody reads there is no end-to-end latency to compare
    kinds = [kind for kind in KINDS if is_read or not kind.needs_readers]
    confidence = 1 - (1 - CONFIDENCE) / (1 + len(kinds))
    yield _knee(before, after, confidence=confidence)
    for kind in kinds:
        yield _compared(kind, list(_strata(kind, before, after)), confidence=confidence)


def _knee(before: Measured, after: Measured, *, confidence: float) -> Figure:
    """Compare the knees; of a plan that only holds a rate, whether that was carried."""
    if before.repeats or after.repeats:
        return _compared(KNEE, [Stratum(rate_hz=0, before=before.repeats, after=after.repeats)], confidence=confidence)
    name, unit = "carried", "the rate of the plan"
    match before.last_carried, after.last_carried:
        case True, True:
            return Figure(name=name, unit=unit, difference=Difference.SAME, why="both carried it")
        case True, False:
            return Figure(name=name, unit=unit, difference=Difference.WORSE, why="it was carried, and is not any more")
        case False, True:
            return Figure(name=name, unit=unit, difference=Difference.BETTER, why="it was not carried, and now is")
    return Figure(name=name, unit=unit, difference=Difference.UNKNOWN, why="at least one run did not carry it")


def _strata(kind: Kind, before: Measured, after: Measured) -> Iterator[Stratum]:
    """Give the values at each common rate, where both sides have enough of them."""
    for rate_hz, blocks in sorted(before.blocks.items()):
        near = min(after.blocks, key=lambda other: abs(other - rate_hz), default=inf)
        if abs(near - rate_hz) <= SAME_RATE * rate_hz:
            yield Stratum(rate_hz=rate_hz, before=_values(kind, blocks), after=_values(kind, after.blocks[near]))


def _values(kind: Kind, blocks: Sequence[Block]) -> tuple[float, ...]:
    found = (kind.of(block) for block in blocks)
    return tuple(value for value in found if value is not None)


def _compared(kind: Kind, strata: Sequence[Stratum], *, confidence: float) -> Figure:
    enough = [one for one in strata if min(len(one.before), len(one.after)) >= LEAST_BLOCKS]
    if not enough:
        return _untold(kind, "too few samples at rates that both runs carried")
    before, after = (fmean(fmean(side(one)) for one in enough) for side in (_before, _after))
    if not kind.is_share and min(fmean(side(one)) for one in enough for side in (_before, _after)) <= 0:
        return _untold(kind, f"got {before:g} and {after:g}, expected values above zero")
    change, low, high = _interval(enough, is_share=kind.is_share, confidence=confidence)
    difference = _difference(kind, change, low, high)
    return Figure(
        name=kind.name,
        unit=kind.unit,
        difference=difference,
        why=_why(kind, change, low, high),
        before=before,
        after=after,
        change=change,
        low=low,
        high=high,
        is_share=kind.is_share,
        is_drift=_is_drift(kind, difference, change),
        rates_hz=tuple(one.rate_hz for one in enough if one.rate_hz),
    )


def _before(stratum: Stratum) -> tuple[float, ...]:
    return stratum.before


def _after(stratum: Stratum) -> tuple[float, ...]:
    return stratum.after


def _untold(kind: Kind, why: str) -> Figure:
    return Figure(name=kind.name, unit=kind.unit, difference=Difference.UNKNOWN, why=why, is_share=kind.is_share)


def _interval(strata: Sequence[Stratum], *, is_share: bool, confidence: float) -> tuple[float, float, float]:
    """Return the change and its interval: of shares the mean difference, of amounts the geometric mean of ratios."""
    sides = [values for one in strata for values in (one.before, one.after)]
    noises = [_noise(values, is_share=is_share) for values in sides]
    steps = [
        fmean(one.after) - fmean(one.before) if is_share else log(fmean(one.after) / fmean(one.before))
        for one in strata
    ]
    middle, half = fmean(steps), 0.0
    if sum(noises):
        bits = sum(noise**2 / (len(values) - 1) for noise, values in zip(noises, sides, strict=True))
        half = float(stdtrit(sum(noises) ** 2 / bits, (1 + confidence) / 2)) * sqrt(sum(noises)) / len(strata)
    ends = (middle, middle - half, middle + half)
    if is_share:
        return ends
    change, low, high = (exp(min(end, 700.0)) - 1 for end in ends)
    return change, low, high


def _noise(values: Sequence[float], *, is_share: bool) -> float:
    """Return the squared standard error of a mean, for amounts in shares of it."""
    error = variance(values) / len(values)
    return error if is_share else error / fmean(values) ** 2


def _difference(kind: Kind, change: float, low: float, high: float) -> Difference:
    if low <= 0 <= high or abs(change) < kind.resolution:
        is_narrow = max(abs(low), abs(high)) < kind.widest
        return Difference.SAME if is_narrow else Difference.UNKNOWN
    return Difference.BETTER if (change > 0) is kind.more_is_better else Difference.WORSE


def _is_drift(kind: Kind, difference: Difference, change: float) -> bool:
    """Say whether a change is more than two deployments differ by; a half and a double are as far from one."""
    has_changed = difference in (Difference.BETTER, Difference.WORSE) and kind.deployments is not None
    return has_changed and max(1 + change, 1 / (1 + change)) - 1 >= (kind.deployments or 0.0)


def _why(kind: Kind, change: float, low: float, high: float) -> str:
    sort = " points" if kind.is_share else " %"
    found = f"{100 * change:+.1f}{sort} ({100 * low:+.1f} to {100 * high:+.1f})"
    match _difference(kind, change, low, high):
        case Difference.UNKNOWN:
            return f"{found}, too wide to say that nothing changed"
        case Difference.SAME if not low <= 0 <= high:
            return f"{found}, less than the {100 * kind.resolution:g}{sort} that would matter"
    return found
