"""Drain: how fast a backlog is read; at least so fast, where something else than the cluster held the readers up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from harness.checkers.load.generator import machine_was_full
from harness.measuring.knee import Outcome
from harness.measuring.plan import Purpose
from harness.measuring.result import LoadResult, Second
from harness.verdict import Judgement, Verdict

NAME = "load-drain"
LEAST_SECONDS = 5
"""Of reading at full speed: fewer say only that it was at least so fast."""


def at_least_per_s(result: LoadResult) -> float | None:
    """Return how many records all groups together read per second, at the least; None when they read nothing.

    The first and the last second with records were not spent reading as a whole, and are counted as if they were.
    """
    seconds = _reading(result)
    return fmean(second.consumed for second in seconds) if seconds else None


def at_most_per_s(result: LoadResult) -> float | None:
    """Return how fast it went when nothing but the cluster held the readers up; None when that is not known."""
    whole = _reading(result)[1:-1]
    if len(whole) < LEAST_SECONDS or any(_doubts(result)):
        return None
    return fmean(second.consumed for second in whole)


def check(result: LoadResult) -> Judgement:
    """Judge that a backlog was read to its end, and say how fast: PASS, FAIL, or INCONCLUSIVE when nothing was read."""
    least, most = at_least_per_s(result), at_most_per_s(result)
    left = max(0, result.seconds[-1].lag) if result.seconds else 0
    measured = {"at_least_per_s": least, "read_per_s": most, "seconds": len(_reading(result)), "left": left}
    if least is None:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason="nothing was read", measured=measured)
    if left:
        reason = f"{left} records were still not read after {result.trial.judged_s:.0f} s"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, measured=measured)
    why = "; ".join(_doubts(result)) or f"within {len(_reading(result))} s"
    reason = f"at least {least:.0f} records/s were read ({why})" if most is None else f"{most:.0f} records/s were read"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)


def with_rates(outcome: Outcome, results: Iterable[LoadResult]) -> Outcome:
    """Add to the outcome of a course how fast its backlogs were read; without any it stays as it is.

    What is counted on is the slowest. There are repeats only where each says how fast it goes, not only at the least.
    """
    drained = [result for result in results if result.trial.purpose is Purpose.DRAIN]
    least = [rate for result in drained if (rate := at_least_per_s(result)) is not None]
    most = [rate for result in drained if (rate := at_most_per_s(result)) is not None]
    if not drained or len(least) < len(drained):
        return outcome
    repeats = tuple(most) if len(most) == len(drained) else ()
    carried_hz = min(repeats or least)
    words = "" if repeats else "at least "
    return replace(
        outcome,
        carried_hz=carried_hz,
        repeats=repeats,
        reason=f"{outcome.reason}, {words}{carried_hz:.0f} records/s",
    )


def _reading(result: LoadResult) -> Sequence[Second]:
    """Return the seconds from the first to the last in which something was read."""
    places = [place for place, second in enumerate(result.seconds) if second.consumed]
    return result.seconds[places[0] : places[-1] + 1] if places else ()


def _doubts(result: LoadResult) -> Iterator[str]:
    """Say what else than the cluster may have been the end of it."""
    for engine, cores in result.cpu_cores().items():
        if cores > result.limits.cpu_cores:
            yield f"reader-bound: {engine} used {cores:.2f} cores, at most {result.limits.cpu_cores:g}"
    if full := machine_was_full(result):
        yield full
