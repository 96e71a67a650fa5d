"""A trial: whether one rate was carried, by all judges of a load together, and when it is lost already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.checkers.load import drain, generator, replication, resources, speed
from harness.checkers.load.resources import Documented
from harness.measuring.plan import Objectives, Purpose
from harness.measuring.result import LoadResult, Recording
from harness.verdict import Judgement, Verdict, merge

LATE_SHARE = 0.01
"""A 99th percentile lets this share of the records be late."""
LOST_AFTER_S = 3


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A trial with what its judges say."""

    result: LoadResult
    judgements: tuple[Judgement, ...]

    @property
    def verdict(self) -> Verdict:
        """FAIL speaks of the cluster only: what the generator spoiled is INCONCLUSIVE, whatever else was seen."""
        guard, *others = (judgement.verdict for judgement in self.judgements)
        return merge(others) if others and guard is Verdict.PASS else guard

    @property
    def reason(self) -> str:
        """Why the verdict is not better; what was carried when it is."""
        wanted = self.verdict
        return "; ".join(judgement.reason for judgement in self.judgements if judgement.verdict is wanted)


def judge(
    result: LoadResult, *, documented: Documented | None, is_read: bool, stays_in_sync: bool = True, lost: str = ""
) -> Judged:
    """Judge a trial: the rate, the latencies and what piled up, the brokers' resources, and the generator first.

    Where a backlog is read, as fast as it goes, there is no rate to keep: only how fast that was is judged.

    `documented` of None leaves the resources out; `is_read` says whether anybody reads, `stays_in_sync` that nothing is
    done to the cluster by which it cannot; `lost` is why a trial was given up before its end.
    """
    if result.trial.purpose is Purpose.DRAIN:
        return Judged(result=result, judgements=(drain.check(result),))
    judgements = generator.believable(
        result, tuple(_carried(result, is_read=is_read, stays_in_sync=stays_in_sync, lost=lost))
    )
    if documented is not None:
        judgements = (*judgements, resources.check(result, documented))
    return Judged(result=result, judgements=judgements)


def _carried(result: LoadResult, *, is_read: bool, stays_in_sync: bool, lost: str) -> Iterator[Judgement]:
    if lost:
        yield Judgement(checker="load-overload", verdict=Verdict.FAIL, reason=lost)
    yield from (speed.rate(result), speed.produce_latency(result), speed.backlog(result))
    if is_read:
        yield from (speed.end_to_end_latency(result), speed.lag(result))
    if stays_in_sync:
        yield replication.check(result)


def lost_already(recording: Recording, *, seconds: float, objectives: Objectives) -> str:
    """Say why a trial can no longer be within its latency; nothing while it can.

    More records are late, or wait and will be, than the 99th percentile of the whole trial has room for. To go on
    would only pile up what must be worked off before the next trial.
    """
    if recording.judged_s < LOST_AFTER_S:
        return ""
    limit_ms = objectives.produce_p99_ms
    waiting = recording.seconds[-1].backlog - recording.rate_hz * limit_ms / 1000
    late = recording.total.latency.count_above_ms(limit_ms) + max(0.0, waiting)
    room = LATE_SHARE * recording.rate_hz * seconds
    if late <= 2 * room:
        return ""
    return f"given up after {recording.judged_s:.0f} s: about {late:.0f} records are later than {limit_ms:g} ms"
