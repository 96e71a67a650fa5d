"""Recovery: what a load felt of a fault that struck in its midst, and when it had caught up."""

from __future__ import annotations

from collections.abc import Sequence

from harness.measuring.result import LoadResult, Second
from harness.verdict import Judgement, Verdict

NAME = "load-recovery"
CALM_SECONDS = 5
"""In a row, every one of them in time: a single good second may be one in which little was answered."""


def check(result: LoadResult, *, struck_s: float) -> Judgement:
    """Judge that a load is in time again after a fault; it is INCONCLUSIVE when too little was seen after it.

    The longest wait is from when a record was due to its acknowledgement: as records are due at every moment, it is
    the longest window without acknowledgements, and what it took to work off what had piled up.
    """
    before = [second for second in result.measured if second.time_s <= struck_s]
    after = [second for second in result.measured if second.time_s - 1 >= struck_s]
    if not before or len(after) < CALM_SECONDS:
        reason = f"{len(before)} seconds were seen before the fault and {len(after)} after it: too few to compare"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason)
    longest_ms = result.total.latency.percentile_ms(100)
    late = sum(1 for second in result.measured if second.time_s > struck_s and not _is_in_time(second, result))
    caught_up_s = _caught_up_s(after, result)
    measured: dict[str, object] = {
        "struck_s": round(struck_s, 2),
        "longest_wait_ms": longest_ms,
        "seconds_not_in_time": late,
        "caught_up_after_s": None if caught_up_s is None else round(caught_up_s - struck_s, 1),
    }
    if caught_up_s is None:
        reason = f"the load was not in time again in the {len(after)} s after the fault"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, measured=measured)
    reason = (
        f"the longest wait of a record was {longest_ms / 1000:.2f} s; "
        f"{caught_up_s - struck_s:.0f} s after the fault all was in time again"
    )
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)


def _caught_up_s(after: Sequence[Second], result: LoadResult) -> float | None:
    """Return when the first calm stretch began."""
    calm = 0
    for second in after:
        calm = calm + 1 if _is_in_time(second, result) else 0
        if calm == CALM_SECONDS:
            return second.time_s - CALM_SECONDS
    return None


def _is_in_time(second: Second, result: LoadResult) -> bool:
    """Say whether a second's records were acknowledged, and read, as the objectives want it; none at all is not."""
    objectives = result.objectives
    if second.produce_p99_ms is None or second.produce_p99_ms > objectives.produce_p99_ms:
        return False
    return second.end_to_end_p99_ms is None or second.end_to_end_p99_ms <= objectives.end_to_end_p99_ms
