"""Drain: how fast a backlog is read, once nothing holds the readers back but the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from harness.checkers.load.generator import NAME as GENERATOR
from harness.checkers.load.generator import machine_was_full
from harness.measuring.knee import Outcome
from harness.measuring.plan import Purpose
from harness.measuring.result import LoadResult, Second
from harness.verdict import Judgement, Verdict

NAME = "load-drain"
LEAST_SECONDS = 5
"""Of reading at full speed: fewer say little of how fast that is."""


def read_per_s(result: LoadResult) -> float | None:
    """Return how many records all groups together read per second; None when they read for too short a time.

    Only seconds between the first and the last with records are counted: those two were not spent reading as a whole.
    """
    seconds = _whole(result)
    return fmean(second.consumed for second in seconds) if len(seconds) >= LEAST_SECONDS else None


def reader(result: LoadResult) -> Judgement:
    """Say whether the readers and their machine had CPU to spare, so that the cluster was the end of it."""
    doubts = "; ".join(_doubts(result))
    verdict = Verdict.INCONCLUSIVE if doubts else Verdict.PASS
    return Judgement(checker=GENERATOR, verdict=verdict, reason=doubts or "the readers had CPU to spare")


def check(result: LoadResult) -> Judgement:
    """Judge that a backlog was read to its end, and for long enough to say how fast."""
    rate_hz, left = read_per_s(result), max(0, result.seconds[-1].lag) if result.seconds else None
    measured = {"read_per_s": rate_hz, "seconds": len(_whole(result)), "left": left}
    if left is None:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason="nothing was seen", measured=measured)
    if left:
        reason = f"{left} records were still not read after {result.trial.judged_s:.0f} s"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, measured=measured)
    if rate_hz is None:
        reason = f"the backlog was read within {len(_whole(result)) + 2} s: too little to say how fast"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"{rate_hz:.0f} records/s were read"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)


def with_rates(outcome: Outcome, results: Iterable[LoadResult]) -> Outcome:
    """Add to the outcome of a course how fast its backlogs were read; without any it stays as it is."""
    drained = [read_per_s(result) for result in results if result.trial.purpose is Purpose.DRAIN]
    rates = tuple(rate for rate in drained if rate is not None)
    return replace(outcome, carried_hz=min(rates), repeats=rates) if rates and outcome.carried_hz is None else outcome


def _whole(result: LoadResult) -> Sequence[Second]:
    places = [place for place, second in enumerate(result.seconds) if second.consumed]
    return result.seconds[places[0] + 1 : places[-1]] if places else ()


def _doubts(result: LoadResult) -> Iterator[str]:
    """Say what else than the cluster may have been the end of it."""
    for engine, cores in result.cpu_cores().items():
        if cores > result.limits.cpu_cores:
            yield f"reader-bound: {engine} used {cores:.2f} cores, at most {result.limits.cpu_cores:g}"
    if full := machine_was_full(result):
        yield full
