"""triangle: a reading that differs from the document is shown beside it, and what is not there agrees with nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from harness.checkers import triangle
from harness.checkers.triangle import Reading, Value
from harness.verdict import Judgement, Verdict

Judge = Callable[[Sequence[Reading]], Judgement]
both = pytest.mark.parametrize("judge", [triangle.equal, triangle.at_least])


def reading(found: Value, *, documented: Value = 3, place: str = "StatefulSet") -> Reading:
    return Reading(what="replicas", place=place, documented=documented, found=found)


@both
def test_readings_that_agree_are_a_pass_and_are_shown(judge: Judge) -> None:
    judged = judge([reading(3), reading(3, place="pods")])
    assert judged.verdict is Verdict.PASS
    assert judged.measured == {"replicas": {"documented": 3, "StatefulSet": 3, "pods": 3}}


@both
def test_one_that_is_less_is_found_among_many(judge: Judge) -> None:
    judged = judge([reading(3), reading(2, place="pods"), reading(3, place="brokers")])
    assert (judged.verdict, [finding.evidence["place"] for finding in judged.findings]) == (Verdict.FAIL, ["pods"])


def test_more_is_not_equal_but_at_least() -> None:
    assert triangle.equal([reading(4)]).verdict is Verdict.FAIL
    assert triangle.at_least([reading(4)]).verdict is Verdict.PASS


@both
def test_what_is_not_there_agrees_with_nothing_not_even_with_a_document_that_is_silent(judge: Judge) -> None:
    assert judge([reading(None)]).verdict is Verdict.FAIL
    assert judge([reading(None, documented=None)]).verdict is Verdict.FAIL


def test_words_are_compared_as_they_are() -> None:
    assert triangle.equal([reading("10Gi", documented="10Gi")]).verdict is Verdict.PASS
    assert triangle.equal([reading("10Gi", documented="10G")]).verdict is Verdict.FAIL
    assert triangle.at_least([reading("10Gi", documented="10Gi")]).verdict is Verdict.FAIL


@both
def test_without_readings_nothing_can_be_said(judge: Judge) -> None:
    assert judge([]).verdict is Verdict.INCONCLUSIVE
