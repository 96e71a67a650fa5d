"""Evidence: facts are said once, judgements must be a PASS, and only these two are evidence."""

from __future__ import annotations

import json

import pytest

from harness.evidence import Event, Evidence, Series, Window
from harness.verdict import Inconclusive, Judgement, Verdict


def judgement(verdict: Verdict) -> Judgement:
    return Judgement(checker="unseen", verdict=verdict, reason="so it is")


def test_a_fact_is_recorded_under_its_name() -> None:
    evidence = Evidence()
    evidence.fact(lost=0, window_s=1.5)
    assert evidence.facts == {"lost": 0, "window_s": 1.5}


def test_a_fact_that_is_recorded_twice_is_a_mistake_even_when_it_is_the_same() -> None:
    evidence = Evidence()
    evidence.fact(lost=0)
    with pytest.raises(ValueError, match="fact 'lost' was recorded before as 0"):
        evidence.fact(lost=0)


def test_facts_and_judgements_are_evidence_and_what_merely_happened_is_not() -> None:
    evidence = Evidence()
    evidence.events.append(Event(time_s=1, kind="fault", what="pod-kill"))
    evidence.windows.append(Window(key="t-0", operation="produce", start_s=1, end_s=2))
    evidence.series.append(Series(name="acknowledged", unit="records/s", points=((0.0, 1.0),)))
    assert evidence.is_empty
    evidence.fact(lost=0)
    assert not evidence.is_empty


def test_a_judgement_that_fails_is_recorded_before_it_is_raised() -> None:
    evidence = Evidence()
    with pytest.raises(AssertionError, match="unseen: so it is"):
        evidence.judge(judgement(Verdict.PASS), judgement(Verdict.FAIL))
    assert [judged.verdict for judged in evidence.judgements] == [Verdict.PASS, Verdict.FAIL]


def test_judging_by_nothing_is_inconclusive() -> None:
    with pytest.raises(Inconclusive):
        Evidence().judge()


def test_passing_judgements_are_evidence() -> None:
    evidence = Evidence()
    evidence.judge(judgement(Verdict.PASS))
    assert not evidence.is_empty


def test_it_is_written_as_json() -> None:
    evidence = Evidence()
    evidence.fact(lost=0)
    evidence.judge(judgement(Verdict.PASS))
    evidence.events.append(Event(time_s=1.23456, kind="fault", what="pod-kill"))
    evidence.windows.append(Window(key="t-0", operation="produce", start_s=1, end_s=2.5))
    evidence.series.append(Series(name="acknowledged", unit="records/s", points=((0.0, 1.0),)))
    assert json.loads(json.dumps(evidence.as_json())) == {
        "facts": {"lost": 0},
        "judgements": [{"checker": "unseen", "verdict": "PASS", "reason": "so it is", "findings": [], "measured": {}}],
        "events": [{"time_s": 1.2346, "kind": "fault", "what": "pod-kill"}],
        "windows": [{"key": "t-0", "operation": "produce", "start_s": 1, "end_s": 2.5}],
        "series": [{"name": "acknowledged", "unit": "records/s", "points": [[0.0, 1.0]]}],
    }
