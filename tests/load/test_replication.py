"""Replicas under a load: complete, incomplete for a moment, and not looked at often enough."""

from __future__ import annotations

from harness.checkers.load import replication
from harness.checkers.load.trial import judge
from harness.verdict import Verdict
from tests.load.samples import MEASURED_S, WARM_UP_S, replicas, result


def test_a_load_under_which_all_stay_in_sync_passes() -> None:
    judged = replication.check(result())
    assert judged.verdict is Verdict.PASS
    assert judged.reason == "all replicas of 9 partitions stayed in sync"


def test_a_set_that_shrank_for_a_second_fails() -> None:
    judged = replication.check(result(replica_samples=replicas(under_replicated=2)))
    assert judged.verdict is Verdict.FAIL
    assert judged.measured["most_under_replicated"] == 2


def test_a_set_that_shrank_between_two_looks_is_seen_by_its_change() -> None:
    quiet = [sample for sample in replicas(under_replicated=2) if not sample.under_replicated]
    assert replication.check(result(replica_samples=quiet)).verdict is Verdict.FAIL


def test_what_was_before_the_judged_part_is_not_held_against_it() -> None:
    for second in (0, WARM_UP_S - 1):
        samples = replicas(under_replicated=2, at_second=second)
        assert replication.check(result(replica_samples=samples)).verdict is Verdict.PASS


def test_replicas_that_were_seldom_seen_are_not_known_to_be_in_sync() -> None:
    for samples in ([], replicas()[-1:], replicas()[:: MEASURED_S // 3]):
        assert replication.check(result(replica_samples=samples)).verdict is Verdict.INCONCLUSIVE


def test_a_trial_fails_by_its_replicas_unless_something_is_done_to_them() -> None:
    shrunk = result(replica_samples=replicas(under_replicated=1))
    assert judge(shrunk, documented=None, is_read=True).verdict is Verdict.FAIL
    assert judge(shrunk, documented=None, is_read=True, stays_in_sync=False).verdict is Verdict.PASS
