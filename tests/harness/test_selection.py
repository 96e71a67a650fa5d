"""Selections: clauses by id or family, in any case; a name that nothing has is refused."""

from __future__ import annotations

import pytest

from harness.claims import Claim, Level
from harness.errors import UsageError
from harness.selection import selection

KNOWN = tuple(
    Claim(id=name, sentence="It holds.", protocol="", level=Level.GATE)
    for name in ("REP-01", "REP-02", "FAIL-01", "TXN-01")
)


def taken(*, only: tuple[str, ...] = (), skip: tuple[str, ...] = ()) -> list[str]:
    asked = selection(only, skip, known=KNOWN)
    return [claim.id for claim in KNOWN if asked.takes(claim)]


def test_without_words_everything_is_asked_for() -> None:
    assert taken() == ["REP-01", "REP-02", "FAIL-01", "TXN-01"]


@pytest.mark.parametrize("only", [("rep", "FAIL-01"), ("REP,fail-01",), ("REP, FAIL-01 ",)])
def test_only_takes_families_and_clauses_in_any_case_and_form(only: tuple[str, ...]) -> None:
    assert taken(only=only) == ["REP-01", "REP-02", "FAIL-01"]


def test_skip_wins_over_only() -> None:
    assert taken(only=("REP",), skip=("REP-02",)) == ["REP-01"]


@pytest.mark.parametrize("wrong", ["REP-09", "RE", "REP-01x"])
def test_a_name_that_nothing_has_is_refused_with_the_families(wrong: str) -> None:
    with pytest.raises(UsageError, match=rf"no clause or family {wrong.upper()}.*REP, FAIL, TXN"):
        taken(only=(wrong,))
    with pytest.raises(UsageError, match=wrong.upper()):
        taken(skip=(wrong,))


def test_a_selection_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="leaves no clause"):
        taken(only=("REP",), skip=("REP-01", "REP-02"))
