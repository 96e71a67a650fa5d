"""What is shown of every clause that is played in virtual time: it is green, and red when a promise is broken.

A module of such clauses holds `CLAUSES` by claim, `BROKEN` (the claim, the switches that are on, the reason that is
given) by what is broken, its own `Play`, and a class of these tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.rehearsal.bugs import Bug
from harness.verdict import Verdict

Broken = dict[str, tuple[str, dict[str, Any], str]]


class Promises:
    """The tests; the module's own tables say of which clauses."""

    def test_a_cluster_that_keeps_its_promises_passes(self, play: Any, clause: Callable[..., None]) -> None:
        evidence = play(clause)
        assert {judgement.verdict for judgement in evidence.judgements} == {Verdict.PASS}
        assert "history" in {judgement.checker for judgement in evidence.judgements}

    def test_a_cluster_that_loses_a_record_fails(self, play: Any, clause: Callable[..., None]) -> None:
        with pytest.raises(AssertionError, match="history: "):
            play(clause, bug=Bug.OFFSET_REUSED)

    def test_a_cluster_that_breaks_its_promise_fails(
        self, play: Any, clauses: dict[str, Callable[..., None]], broken: tuple[str, dict[str, Any], str]
    ) -> None:
        claim, switches, reason = broken
        with pytest.raises(AssertionError, match=reason):
            play(clauses[claim], **switches)

    def test_every_clause_has_a_promise_that_is_broken(
        self, clauses: dict[str, Callable[..., None]], every_broken: Broken
    ) -> None:
        assert {claim for claim, _, _ in every_broken.values()} == set(clauses)
