"""insync: how many brokers were out of the in-sync set at once, over a whole observation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness.verdict import Finding, Judgement, Verdict

NAME = "insync"
LONGEST_BLIND_S = 5.0


def check(samples: Sequence[tuple[float, frozenset[int]]], *, start_s: float, end_s: float, allowed: int) -> Judgement:
    """Judge that never more than `allowed` brokers were missing; `samples` are (time, brokers out of sync).

    An observation with a gap of more than a few seconds has not seen what happened in it: INCONCLUSIVE.
    """
    inside = [(time_s, out) for time_s, out in samples if start_s <= time_s <= end_s]
    marks = [start_s, *(time_s for time_s, _ in inside), end_s]
    blind_s = max(later - earlier for earlier, later in pairwise(marks))
    worst_time_s, worst = max(inside, key=lambda sample: len(sample[1]), default=(start_s, frozenset()))
    measured = {"samples": len(inside), "longest_gap_s": round(blind_s, 2), "most_out_of_sync": sorted(worst)}
    if len(worst) > allowed:
        reason = f"brokers {sorted(worst)} were out of sync at once, allowed is {allowed}"
        finding = Finding(anomaly=NAME, what=reason, evidence={"time_s": worst_time_s, "brokers": sorted(worst)})
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=(finding,), measured=measured)
    if not inside or blind_s > LONGEST_BLIND_S:
        reason = f"the in-sync sets were not observed for {blind_s:.1f} s"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"at most {len(worst)} brokers out of sync at once"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
