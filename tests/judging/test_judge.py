"""The judge: its verdicts, what it does without evidence, and with a checker that crashes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.checkers.anomalies import offsets
from harness.errors import UsageError
from harness.histories.building import history_of
from harness.judging.anomaly import Anomaly
from harness.judging.config import Assigned, Config, Isolation
from harness.judging.judge import families, judge, judgement
from harness.judging.told import as_json
from harness.judging.versions import Versions
from harness.ops import OpType
from harness.verdict import Verdict
from tests.checkers.anomalies.told import Told

CLEAN = Told().sent(1, "a", (0, 1)).polled(2, {"a": [(0, 1)]}).finally_read({"a": [(0, 1)]})


def test_a_clean_history_passes() -> None:
    assert CLEAN.judged().verdict is Verdict.PASS


def test_an_anomaly_fails_whatever_else_is_unknown() -> None:
    judged = Told().sent(1, "a", (0, 1), (1, 2)).polled(2, {"a": [(1, 2)]}).judged()
    assert judged.unknowns
    assert judged.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (Told(), "no write was acknowledged"),
        (Told().sent(1, "a", (0, 1)), "nothing was read"),
        (Told().sent(1, "a", (0, 1), (1, 2)).polled(2, {"a": [(0, 1)]}), "nobody read from start to end"),
        (Told().sent(1, "a", (0, 1)).polled(2, {"a": [(0, 1)]}), "no key was read from start to end"),
    ],
)
def test_no_evidence_is_never_a_pass(told: Told, reason: str) -> None:
    judged = told.judged()
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert reason in judged.reason


def test_a_checker_that_crashes_is_inconclusive_and_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_: Versions, __: Config) -> Iterator[Anomaly]:
        raise ZeroDivisionError

    families.cache_clear()
    monkeypatch.setattr(offsets, "search", crash)
    try:
        clean, wrong = CLEAN.judged(), Told().sent(1, "a", (0, 1), (1, 2)).finally_read({"a": [(1, 2)]}).judged()
    finally:
        families.cache_clear()
    assert clean.verdict is Verdict.INCONCLUSIVE
    assert "ZeroDivisionError" in clean.reason
    assert wrong.verdict is Verdict.FAIL


def test_a_search_that_runs_out_of_steps_is_inconclusive() -> None:
    told = Told().transaction(1, {"a": [(0, 1)]}).transaction(2, {"a": [(1, 2)]}, {"a": [(0, 1)]})
    told.finally_read({"a": [(0, 1), (1, 2)]})
    assert told.judged().verdict is Verdict.PASS
    assert told.judged(Config(cycle_search_steps=1)).verdict is Verdict.INCONCLUSIVE


def test_a_value_that_was_sent_twice_is_no_history() -> None:
    with pytest.raises(UsageError, match="1 was sent to a more than once"):
        judge(history_of(Told().sent(1, "a", (0, 1)).sent(2, "a", (1, 1)).ops))


def test_all_consumers_may_be_declared_subscribers() -> None:
    told = Told().sent(1, "a", (0, 1), (1, 2), (2, 3)).polled(2, {"a": [(0, 1)]}).polled(2, {"a": [(2, 3)]})
    told.finally_read({"a": [(0, 1), (1, 2), (2, 3)]})
    assert told.judged().verdict is Verdict.FAIL
    assert told.judged(Config(assignment=Assigned.SUBSCRIBE)).verdict is Verdict.PASS


def test_a_subscriber_may_be_declared_assigned() -> None:
    told = Told().sent(1, "a", (0, 1), (1, 2)).subscribed(2, "a").polled(2, {"a": [(0, 1), (1, 2)]})
    told.polled(2, {"a": [(0, 1)]}).finally_read({"a": [(0, 1), (1, 2)]})
    assert told.judged().verdict is Verdict.PASS
    assert told.judged(Config(assignment=Assigned.ASSIGN)).verdict is Verdict.FAIL


def test_all_polls_may_be_declared_read_uncommitted() -> None:
    told = Told().transaction(1, {"a": [(0, 1)]}, how=OpType.FAIL).sent(2, "a", (2, 2))
    told.polled(3, {"a": [(0, 1), (2, 2)]}).finally_read({"a": [(0, 1), (2, 2)]})
    assert told.judged().verdict is Verdict.FAIL
    assert told.judged(Config(isolation=Isolation.READ_UNCOMMITTED)).verdict is Verdict.PASS


def test_the_judgement_names_each_finding() -> None:
    found = judgement(Told().sent(1, "a", (0, 1), (1, 2)).finally_read({"a": [(1, 2)]}).judged())
    assert found.verdict is Verdict.FAIL
    assert {finding.anomaly for finding in found.findings} == {"lost-write", "unseen"}
    assert found.measured["lost-write"] == 1


def test_the_json_has_every_anomaly_and_what_shows_it() -> None:
    told = as_json(Told().sent(1, "a", (0, 1), (1, 2)).finally_read({"a": [(1, 2)]}).judged(), seconds=0.5)
    assert {"schema", "verdict", "operations", "records", "seconds", "anomalies"} <= told.keys()
    anomalies = told["anomalies"]
    assert isinstance(anomalies, dict)
    assert anomalies["duplicate"] == {"count": 0, "legal": False, "checked": 3, "examples": []}
    (example,) = anomalies["lost-write"]["examples"]
    assert example["key"] == "a"
    assert example["offsets"] == [0]
    assert [op["index"] for op in example["ops"]] == [0, 4]
    assert [line["f"] for line in example["history"]] == ["send", "send", "poll"]
