"""Replication: every partition keeps all its replicas in sync while a load is carried.

A load under which followers fall behind is carried on the durability of fewer copies: that is no capacity.
"""

from __future__ import annotations

from harness.measuring.result import LoadResult
from harness.verdict import Judgement, Verdict

NAME = "load-replication"
ENOUGH_SAMPLES = 0.5
"""Of the judged seconds: a set that shrank stays so for as long as its follower needs to catch up, for seconds."""


def check(result: LoadResult) -> Judgement:
    """Judge that no in-sync set was incomplete, or changed, in the judged part."""
    trial = result.trial
    samples = [one for one in result.observed.replicas if trial.from_s <= one.time_s <= trial.until_s]
    lacking = max((one.under_replicated for one in samples), default=0)
    changes = sum(one.isr_changes for one in samples[1:])  # the first one tells of what was before
    measured = {"samples": len(samples), "most_under_replicated": lacking, "isr_changes": changes}
    if lacking or changes:
        reason = f"up to {lacking} partitions lacked a replica in sync, {changes} in-sync sets changed"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, measured=measured)
    if len(samples) < max(2.0, ENOUGH_SAMPLES * trial.judged_s):
        reason = f"replicas were seen {len(samples)} times in {trial.judged_s:.0f} s: too seldom"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"all replicas of {samples[-1].partitions} partitions stayed in sync"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
