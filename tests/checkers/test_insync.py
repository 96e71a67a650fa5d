"""insync: one broker too many out of sync is found, and what was not looked at is not called good."""

from __future__ import annotations

from harness.checkers import insync
from harness.verdict import Judgement, Verdict


def judge(*samples: tuple[float, set[int]], end_s: float = 4) -> Judgement:
    """Judge samples of an observation from 0 s on, with one broker allowed to be away."""
    return insync.check([(at_s, frozenset(out)) for at_s, out in samples], start_s=0, end_s=end_s, allowed=1)


def test_as_many_as_allowed_may_be_away_one_after_the_other() -> None:
    judged = judge((1, {0}), (2, set()), (3, {1}))
    assert (judged.verdict, judged.reason) == (Verdict.PASS, "at most 1 brokers out of sync at once")


def test_one_more_at_once_is_a_fail_with_its_moment() -> None:
    judged = judge((1, {0}), (2, {0, 1}), (3, {1}))
    assert judged.verdict is Verdict.FAIL
    assert judged.findings[0].evidence == {"time_s": 2, "brokers": [0, 1]}


def test_what_was_seen_counts_even_when_much_was_not() -> None:
    assert judge((1, {0, 1}), end_s=60).verdict is Verdict.FAIL


def test_what_lies_outside_the_observation_does_not_count() -> None:
    assert judge((-1, {0, 1}), (2, set()), (5, {0, 1})).verdict is Verdict.PASS


def test_a_long_gap_is_inconclusive_at_the_edges_too() -> None:
    assert judge((1, set()), (6.1, set()), end_s=7).verdict is Verdict.INCONCLUSIVE
    assert judge((5.1, set()), end_s=7).verdict is Verdict.INCONCLUSIVE
    assert judge((1, set()), end_s=6.1).verdict is Verdict.INCONCLUSIVE
    assert judge((1, set()), (6, set()), end_s=7).verdict is Verdict.PASS


def test_without_samples_nothing_can_be_said() -> None:
    assert judge().verdict is Verdict.INCONCLUSIVE
