"""The certificate: the worst clause decides, a clause that did not run is a doubt, an empty one certifies nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.certificate import Certificate, ClauseResult
from harness.claims import Claim, Level
from harness.errors import ExitCode
from harness.evidence import Evidence
from harness.verdict import Verdict


def claim(number: int) -> Claim:
    return Claim(id=f"REP-{number:02}", sentence="Replicas are alike.", protocol="", level=Level.GATE)


def certificate(*verdicts: Verdict, not_run: int = 0) -> Certificate:
    """Make a certificate with clauses of these verdicts, and some that did not run."""
    clauses = [
        ClauseResult(claim=claim(number), verdict=verdict, reason="", started_s=0, duration_s=1, evidence=Evidence())
        for number, verdict in enumerate(verdicts)
    ]
    owed = tuple(claim(50 + number) for number in range(not_run))
    return Certificate(run={}, subject={}, environment={}, clauses=clauses, not_run=owed)


@pytest.mark.parametrize(
    ("verdict", "exit_code"),
    [
        (Verdict.PASS, ExitCode.CERTIFIED),
        (Verdict.FAIL, ExitCode.NOT_CERTIFIED),
        (Verdict.INCONCLUSIVE, ExitCode.INCONCLUSIVE),
    ],
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, exit_code: ExitCode) -> None:
    assert certificate(verdict).exit_code is exit_code


def test_the_exit_codes_are_those_that_are_documented() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "CERTIFIED": 0,
        "NOT_CERTIFIED": 1,
        "INCONCLUSIVE": 2,
        "HARNESS": 3,
        "USAGE": 4,
    }


def test_an_empty_certificate_is_inconclusive() -> None:
    assert (certificate().verdict, certificate().exit_code) == (Verdict.INCONCLUSIVE, ExitCode.INCONCLUSIVE)


@given(st.lists(st.sampled_from(list(Verdict))), st.integers(1, 5))
def test_a_clause_that_did_not_run_makes_it_inconclusive_at_best(verdicts: list[Verdict], not_run: int) -> None:
    expected = Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.INCONCLUSIVE
    assert certificate(*verdicts, not_run=not_run).verdict is expected


@given(st.lists(st.sampled_from(list(Verdict))), st.integers(0, 2))
def test_it_certifies_only_when_everything_ran_and_passed(verdicts: list[Verdict], not_run: int) -> None:
    certified = certificate(*verdicts, not_run=not_run).exit_code is ExitCode.CERTIFIED
    tried = set(verdicts) - {Verdict.UNSUPPORTED}
    assert certified == (tried == {Verdict.PASS} and not not_run)


def test_what_cannot_be_tried_here_is_neither_for_nor_against_a_cluster() -> None:
    assert certificate(Verdict.PASS, Verdict.UNSUPPORTED).verdict is Verdict.PASS
    assert certificate(Verdict.FAIL, Verdict.UNSUPPORTED).verdict is Verdict.FAIL
    assert certificate(Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED).verdict is Verdict.INCONCLUSIVE


def test_where_nothing_could_be_tried_nothing_was_checked() -> None:
    assert certificate(Verdict.UNSUPPORTED, Verdict.UNSUPPORTED).exit_code is ExitCode.INCONCLUSIVE


@given(st.lists(st.sampled_from(list(Verdict))), st.integers(0, 2))
def test_its_json_counts_and_says_what_the_object_says(verdicts: list[Verdict], not_run: int) -> None:
    made = certificate(*verdicts, not_run=not_run)
    plain = made.as_json()
    assert (plain["verdict"], plain["exit_code"]) == (made.verdict.value, int(made.exit_code))
    assert plain["summary"] == {
        "pass": verdicts.count(Verdict.PASS),
        "fail": verdicts.count(Verdict.FAIL),
        "inconclusive": verdicts.count(Verdict.INCONCLUSIVE),
        "unsupported": verdicts.count(Verdict.UNSUPPORTED),
        "not_run": not_run,
    }
