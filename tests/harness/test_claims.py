"""Claims: a stable id, one sentence, a protocol; what is not so is refused with a message."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.claims import Claim, Level, claim_of, clause, expect_within


def claimed(docstring: str | None) -> Claim:
    """Read the claim of a function with this docstring."""

    def function() -> None: ...

    function.__doc__ = docstring
    return claim_of(function, clause("REP-03").mark)


@given(st.from_regex(r"[A-Z]{2,6}-[0-9]{2}", fullmatch=True))
def test_an_id_is_a_family_and_two_digits(claim_id: str) -> None:
    assert clause(claim_id).mark.args == (claim_id, Level.GATE)


@pytest.mark.parametrize(
    "wrong", ["REP-3", "REP-003", "rep-03", "REP03", "R-03", "TOOLONG-03", "", "REP-03 ", "REP-03\n"]
)
def test_any_other_id_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected a family and two digits such as 'REP-03'"):
        clause(wrong)


def test_the_sentence_is_the_first_paragraph_on_one_line_and_the_protocol_is_the_rest() -> None:
    claim = claimed("Replicas are\n    alike.\n\n    Log segments\n    are compared.\n\n    All of them.\n    ")
    assert claim.sentence == "Replicas are alike."
    assert claim.protocol == "Log segments\nare compared.\n\nAll of them."
    assert (claim.id, claim.family, claim.level) == ("REP-03", "REP", Level.GATE)


@pytest.mark.parametrize("wrong", [None, "", "   ", "todo", "Replicas are alike\n\nA protocol."])
def test_a_claim_without_a_whole_sentence_is_refused(wrong: str | None) -> None:
    with pytest.raises(ValueError, match=r"REP-03: got docstring .*, expected it to start with the certified sentence"):
        claimed(wrong)


def test_the_gate_runs_its_own_clauses_and_certify_runs_all() -> None:
    assert [(run.value, of.value) for run in Level for of in Level if run.includes(of)] == [
        ("gate", "gate"),
        ("certify", "gate"),
        ("certify", "certify"),
        ("chaos", "chaos"),
    ]


def test_a_promise_that_is_kept_in_time_gives_the_seconds_it_took() -> None:
    assert expect_within(lambda: True, what="the leader moving", budget_s=1) < 1


def test_a_promise_that_is_not_kept_speaks_against_the_cluster() -> None:
    with pytest.raises(AssertionError, match=r"^the leader moving did not happen within 0 s: still broker 1$"):
        expect_within(lambda: False, what="the leader moving", budget_s=0, detail=lambda: "still broker 1")


@pytest.mark.parametrize("error", [OSError("no answer"), TypeError("no bool")])
def test_a_promise_that_could_not_be_looked_at_does_not(error: Exception) -> None:
    def look() -> bool:
        raise error

    with pytest.raises(type(error)):
        expect_within(look, what="the leader moving", budget_s=0)


def test_the_mark_leaves_the_function_as_it_is() -> None:
    def function() -> str:
        return "as it is"

    marked: Callable[[], str] = clause("REP-03")(function)
    assert marked() == "as it is"
