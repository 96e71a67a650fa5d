"""refusals: one refusal is a fail, and few answers show nothing."""

from __future__ import annotations

from harness.checkers import refusals
from harness.verdict import Verdict


def test_one_refusal_is_a_fail_with_its_moment() -> None:
    judged = refusals.check({"acknowledged": 5000, "NOT_ENOUGH_REPLICAS": 1}, refused_s=[12.34])
    assert judged.verdict is Verdict.FAIL
    assert judged.reason == "acks=all was refused 1 times for lack of in-sync replicas, first at 12.3 s"


def test_a_refusal_counts_even_when_little_was_acknowledged() -> None:
    assert refusals.check({}, refused_s=[1.0]).verdict is Verdict.FAIL


def test_enough_acknowledgements_and_no_refusal_are_a_pass() -> None:
    assert refusals.check({"acknowledged": 100}, refused_s=[]).verdict is Verdict.PASS


def test_too_few_answers_show_nothing() -> None:
    assert refusals.check({"acknowledged": 99}, refused_s=[]).verdict is Verdict.INCONCLUSIVE
    assert refusals.check({"timed out": 5000}, refused_s=[]).verdict is Verdict.INCONCLUSIVE
    assert refusals.check({}, refused_s=[]).verdict is Verdict.INCONCLUSIVE
