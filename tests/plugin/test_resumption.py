"""A run that was interrupted goes on: what was judged is taken over, what was not is run, and nothing is hidden."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness import resumption
from harness.errors import UsageError
from harness.run import Settings
from tests.plugin.conftest import Certify, Finished

SUITE = '''
import os

@clause("DEP-01")
def test_first(cluster, evidence):
    """Sizes are as documented."""
    evidence.fact(run=os.environ["RUN"])
    {first}

@clause("REP-01")
def test_second(cluster, evidence):
    """Replicas are alike."""
    evidence.fact(run=os.environ["RUN"])
    {second}

@clause("REP-02")
def test_third(cluster, evidence):
    """Replicas are apart."""
    evidence.fact(run=os.environ["RUN"])
'''
INTERRUPTED = "if os.environ['RUN'] == '1': raise KeyboardInterrupt"


def twice(certify: Certify, monkeypatch: pytest.MonkeyPatch, *, first: str = "", second: str = INTERRUPTED) -> Finished:
    """Certify once, and resume that run."""
    suite = SUITE.format(first=first, second=second)
    monkeypatch.setenv("RUN", "1")
    interrupted = certify(suite)
    monkeypatch.setenv("RUN", "2")
    return certify(suite, resumes=interrupted.report)


def ran_in(done: Finished) -> dict[str, str]:
    assert done.certificate is not None
    return {clause["id"]: clause["facts"].get("run", "none") for clause in done.certificate["clauses"]}


def test_what_passed_before_the_interruption_is_not_run_again(
    certify: Certify, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = twice(certify, monkeypatch)
    assert (done.exit_code, ran_in(done)) == (0, {"DEP-01": "1", "REP-01": "2", "REP-02": "2"})
    assert done.certificate is not None
    assert [event["what"] for event in done.certificate["events"]] == ["1 results of run run-1 are taken over"]
    assert "1 clauses were judged by run run-1" in done.screen


def test_a_clause_that_failed_stays_failed(certify: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    done = twice(certify, monkeypatch, first="assert os.environ['RUN'] == '2'")
    assert (done.exit_code, done.verdicts["DEP-01"], ran_in(done)["DEP-01"]) == (1, "FAIL", "1")


def test_what_could_not_be_judged_is_tried_again(certify: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    done = twice(certify, monkeypatch, first="if os.environ['RUN'] == '1': raise Inconclusive('no answer')")
    assert (done.exit_code, done.verdicts["DEP-01"], ran_in(done)["DEP-01"]) == (0, "PASS", "2")


def test_a_resumed_run_can_be_resumed_too(certify: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = SUITE.format(first="", second="if os.environ['RUN'] != '3': raise KeyboardInterrupt")
    report: Path | None = None
    for number in "123":
        monkeypatch.setenv("RUN", number)
        done = certify(suite, resumes=report)
        report = done.report
    assert ran_in(done) == {"DEP-01": "1", "REP-01": "3", "REP-02": "3"}


def test_a_line_that_was_cut_off_is_left_out(certify: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUN", "1")
    done = certify(SUITE.format(first="", second=""))
    file = done.report / resumption.FILE
    file.write_text(file.read_text(encoding="utf-8")[:-10], encoding="utf-8")
    assert [result.claim.id for result in resumption.earlier_results(done.report)] == ["DEP-01", "REP-01"]


def test_a_run_that_is_not_there_is_refused_with_those_that_are(
    certify: Certify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN", "1")
    done = certify(SUITE.format(first="", second=""))
    assert resumption.find("run-1", reports=done.report.parent) == done.report
    with pytest.raises(UsageError, match=r"no run 'run-9' to resume: name one of run-1"):
        resumption.find("run-9", reports=done.report.parent)
    with pytest.raises(UsageError, match="has judged anything yet"):
        resumption.find("run-9", reports=done.folder / "nowhere")


def test_only_a_run_of_the_same_thing_is_resumed(certify: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUN", "1")
    done = certify(SUITE.format(first="", second=""))
    before = Settings.read(done.report / "settings.json")
    resumption.require_same_subject(before, replace(before, run_id="another", keep=True))
    other = done.folder / "other.json"
    other.write_text(json.dumps([{"kind": "Namespace"}]), encoding="utf-8")
    page = done.folder / "other.md"
    page.write_text("# Another page\n", encoding="utf-8")
    for change in (
        {"namespace": "other"},
        {"is_rehearsal": True},
        {"planted": "HALF_A_COMMIT"},
        {"manifests_file": other},
        {"document": page},
    ):
        with pytest.raises(UsageError, match="run run-1 certified something else"):
            resumption.require_same_subject(before, replace(before, **change))
