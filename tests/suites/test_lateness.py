"""A FAIL of retention says whether it was late or never came, and what the brokers knew; it stays a FAIL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from harness.cluster.connection import Connection
from harness.cluster.pods import Cluster
from harness.verdict import Judgement, Verdict
from suites.retention import lateness
from suites.retention.lateness import explained, made_with

KEPT = Judgement(checker="retention-size", verdict=Verdict.PASS, reason="kept")
LATE = Judgement(checker="retention-size", verdict=Verdict.FAIL, reason="kafka-0 has too much")


@dataclass(frozen=True)
class Talkative(Cluster):
    """A cluster of which only one pod's log is there."""

    def logs(self, pod: str, *, previous: bool = False) -> str | None:
        assert not previous
        line = (
            "[now] INFO Created log for partition sized-0 in /data/sized-0 with properties {segment.bytes=65536} (x)\n"
        )
        return line if pod == "kafka-0" else None


def nothing() -> str:
    return "nobody knows"


def test_what_is_good_needs_no_explanation() -> None:
    assert explained(lambda: KEPT, made_with=nothing) == KEPT


def test_what_comes_late_is_a_fail_that_says_how_late() -> None:
    judgements = iter((LATE, LATE, KEPT))
    judged = explained(lambda: next(judgements), made_with=nothing)
    assert judged.verdict is Verdict.FAIL
    assert "kafka-0 has too much; made good 0." in judged.reason
    assert judged.reason.endswith(" s later; nobody knows")


def test_what_never_comes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lateness, "PATIENCE_S", 0.01)
    judged = explained(lambda: LATE, made_with=nothing)
    assert judged.verdict is Verdict.FAIL
    assert "not made good in another 0.01 s" in judged.reason


def test_brokers_are_asked_what_they_made_the_replica_with() -> None:
    cluster = Talkative(cast("Connection", object()), "greenfield")
    assert made_with(cluster, ("kafka-0", "kafka-1"), "sized-0") == (
        "kafka-0 made it with {segment.bytes=65536}, kafka-1 made it with what its log does not say"
    )
    assert "what its log does not say" in made_with(cluster, ("kafka-0",), "sized-1")
