"""The matrix in small: every planted bug is found by its anomaly and by no wrong one, and clean runs by none."""

from __future__ import annotations

import pytest

from harness.histories.building import history_of
from harness.judging.config import Config, Retention
from harness.judging.judge import Judged, judge
from harness.rehearsal.bugs import Bug
from harness.rehearsal.plan import Plan
from harness.rehearsal.rehearsing import Rehearsal, rehearse
from harness.verdict import Verdict

SEEDS = (7,)
CLEAN_SEEDS = range(10)


def judged(rehearsal: Rehearsal) -> Judged:
    """Judge a rehearsal by its own numbers."""
    numbers = rehearsal.judged_by
    retention = Retention(ms=numbers.retention_ms, late_ms=numbers.late_ms)
    return judge(history_of(rehearsal.ops), Config(retention=retention))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bug", Bug, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found_for_what_it_is(bug: Bug, seed: int) -> None:
    rehearsal = rehearse(seed=seed, bugs=frozenset({bug}))
    assert rehearsal.fired.get(bug, 0) > 0
    result = judged(rehearsal)
    signature = bug.signature
    assert {anomaly.name for anomaly in result.anomalies if anomaly.count} >= signature.must
    assert {anomaly.name for anomaly in result.failures} <= signature.must | signature.may


def test_the_negative_control_loses_records() -> None:
    """Acknowledged by the leader alone, elected out of sync: the same faults lose records, and the judge sees it."""
    careless = Plan(acks_all=False, unclean_election=True, random_faults=5)
    results = [judged(rehearse(seed=seed, plan=careless)) for seed in range(5)]
    assert {"unseen", "vanished-read"} & {anomaly.name for result in results for anomaly in result.failures}


@pytest.mark.parametrize("seed", CLEAN_SEEDS)
def test_a_clean_rehearsal_passes(seed: int) -> None:
    result = judged(rehearse(seed=seed))
    assert result.verdict is Verdict.PASS, result.reason
