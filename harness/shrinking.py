"""Shrinking: a schedule that fails is made shorter, step by step, as long as it still fails. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.families import Catalogue
from harness.schedule import Schedule, Step, tenths


@dataclass(frozen=True, kw_only=True)
class Shrunk:
    """The shortest schedule that was found to fail; it `is_minimal` when nothing smaller is left to try."""

    schedule: Schedule
    tried: int
    is_minimal: bool


def shrink(
    failing: Schedule,
    *,
    known: Catalogue,
    fails: Callable[[Schedule], bool],
    may_go_on: Callable[[], bool],
) -> Shrunk:
    """Return the shortest schedule that still fails, as far as `may_go_on` lets it; no schedule is tried twice.

    The boldest cuts come first, because on a real cluster each one costs minutes.
    """
    best, seen = failing, {str(failing)}
    tried, candidates = 0, smaller(failing, known)
    while (candidate := next(candidates, None)) is not None:
        if str(candidate) in seen:
            continue
        if not may_go_on():
            return Shrunk(schedule=best, tried=tried, is_minimal=False)
        seen.add(str(candidate))
        tried += 1
        if fails(candidate):
            best, candidates = candidate, smaller(candidate, known)
    return Shrunk(schedule=best, tried=tried, is_minimal=True)


def smaller(schedule: Schedule, known: Catalogue) -> Iterator[Schedule]:
    """Give schedules that are smaller: fewer steps first, then all times halved, then single times shorter."""
    count = len(schedule.steps)
    if count:
        yield Schedule()
    size = (count + 1) // 2
    while size:
        for first in range(0, count, size):
            yield schedule.without(range(first, min(count, first + size)))
        size //= 2
    halved = Schedule(tuple(_halved(step, known) for step in schedule.steps))
    if halved != schedule:
        yield halved
    for number, step in enumerate(schedule.steps):
        for lasts_s in _shorter(step.lasts_s, least_s=_least_s(step, known)):
            yield schedule.replacing(number, replace(step, lasts_s=lasts_s))
    for number, step in enumerate(schedule.steps):
        for start_s in _shorter(step.start_s, least_s=_earliest_s(schedule.steps, number)):
            yield schedule.replacing(number, replace(step, start_s=start_s))


def _halved(step: Step, known: Catalogue) -> Step:
    """Return a step in half the time: what overlaps goes on overlapping, which no single time could keep up."""
    lasts_s = max(_least_s(step, known), tenths(step.lasts_s / 2))
    return replace(step, start_s=tenths(step.start_s / 2), lasts_s=lasts_s)


def _least_s(step: Step, known: Catalogue) -> float:
    lasts = known[step.family].lasts
    return lasts.least_s if lasts else 0.0


def _earliest_s(steps: Sequence[Step], number: int) -> float:
    """Return how early a step may begin and still come after the one before it."""
    if number == 0 or steps[number].after_sync or steps[number - 1].after_sync:
        return 0.0
    return steps[number - 1].start_s


def _shorter(time_s: float, *, least_s: float) -> Iterator[float]:
    """Give shorter times: the least, then half and three quarters of what lies above it."""
    for share in (0.0, 0.5, 0.75):
        shorter_s = tenths(least_s + (time_s - least_s) * share)
        if shorter_s < time_s:
            yield shorter_s
