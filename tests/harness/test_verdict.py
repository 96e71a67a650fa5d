"""Verdicts: from FAIL over INCONCLUSIVE and UNSUPPORTED to PASS they get better, and nothing at all is no PASS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.verdict import Finding, Inconclusive, Judgement, Verdict, merge, require

VERDICTS = st.lists(st.sampled_from(list(Verdict)))


def judgement(verdict: Verdict, *, checker: str = "unseen", reason: str = "so it is") -> Judgement:
    return Judgement(checker=checker, verdict=verdict, reason=reason)


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_has_no_truth_value(verdict: Verdict) -> None:
    with pytest.raises(TypeError, match="has no truth value: compare it"):
        bool(verdict)


def test_nothing_is_inconclusive() -> None:
    assert merge([]) is Verdict.INCONCLUSIVE


@given(VERDICTS)
def test_merging_keeps_the_worst(verdicts: list[Verdict]) -> None:
    merged = merge(verdicts)
    if Verdict.FAIL in verdicts:
        assert merged is Verdict.FAIL
    elif not verdicts or Verdict.INCONCLUSIVE in verdicts:
        assert merged is Verdict.INCONCLUSIVE
    elif Verdict.UNSUPPORTED in verdicts:
        assert merged is Verdict.UNSUPPORTED
    else:
        assert merged is Verdict.PASS


@given(st.permutations([*Verdict, *Verdict]))
def test_merging_knows_no_order(verdicts: list[Verdict]) -> None:
    assert merge(verdicts) is Verdict.FAIL


@given(VERDICTS.filter(bool), VERDICTS.filter(bool))
def test_merging_parts_first_changes_nothing(left: list[Verdict], right: list[Verdict]) -> None:
    assert merge([merge(left), merge(right)]) is merge(left + right)


@given(VERDICTS.filter(bool))
def test_merging_a_verdict_twice_changes_nothing(verdicts: list[Verdict]) -> None:
    assert merge(verdicts + verdicts) is merge(verdicts)


@given(VERDICTS)
def test_only_passes_make_a_pass(verdicts: list[Verdict]) -> None:
    assert (merge(verdicts) is Verdict.PASS) == (bool(verdicts) and set(verdicts) == {Verdict.PASS})


def test_whoever_judges_evidence_has_some() -> None:
    with pytest.raises(ValueError, match="unseen judged UNSUPPORTED, expected what evidence can say"):
        judgement(Verdict.UNSUPPORTED)


def test_requiring_passes_is_silent() -> None:
    require(judgement(Verdict.PASS), judgement(Verdict.PASS))


def test_requiring_a_fail_is_an_assertion_that_names_the_failed_checkers_only() -> None:
    bad = judgement(Verdict.FAIL, checker="order", reason="two swapped")
    unclear = judgement(Verdict.INCONCLUSIVE, checker="windows", reason="no data")
    with pytest.raises(AssertionError, match=r"^order: two swapped$"):
        require(judgement(Verdict.PASS), unclear, bad)


def test_requiring_what_could_not_be_told_is_inconclusive() -> None:
    with pytest.raises(Inconclusive, match=r"^windows: no data$"):
        require(judgement(Verdict.PASS), judgement(Verdict.INCONCLUSIVE, checker="windows", reason="no data"))


def test_requiring_nothing_is_inconclusive() -> None:
    with pytest.raises(Inconclusive, match="nothing was judged"):
        require()


def test_a_judgement_as_json_keeps_everything() -> None:
    finding = Finding(anomaly="duplicate", what="a twice", evidence={"offsets": [1, 2]})
    judged = Judgement(
        checker="duplicate", verdict=Verdict.FAIL, reason="1 finding", findings=(finding,), measured={"values": 1}
    )
    assert judged.as_json() == {
        "checker": "duplicate",
        "verdict": "FAIL",
        "reason": "1 finding",
        "findings": [{"anomaly": "duplicate", "what": "a twice", "evidence": {"offsets": [1, 2]}}],
        "measured": {"values": 1},
    }
