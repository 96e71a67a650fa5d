"""certificate.json, junit.xml and the page say the same, in the forms that their readers expect."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from jsonschema import Draft202012Validator

import harness
from tests.plugin.conftest import Certify, Finished

EVERY_OUTCOME = '''
@pytest.fixture
def broken_before():
    raise OSError("no topic")

@pytest.fixture
def broken_after():
    yield
    raise OSError("the topic stays")

@clause("REP-01")
def test_holds(evidence):
    """Replicas are alike."""
    evidence.fact(seen=1)

@clause("REP-02")
def test_fails(evidence):
    """Replicas are apart."""
    assert evidence is None, "they share a node"

@clause("REP-03")
def test_cannot_tell(evidence):
    """Replicas are three."""
    raise Inconclusive("nobody answers")

@clause("REP-04")
def test_skips(evidence):
    """Replicas are in sync."""
    pytest.skip("not here")

@clause("REP-05")
def test_sets_up_badly(broken_before, evidence):
    """Replicas are there."""

@clause("REP-06")
def test_cleans_up_badly(broken_after, evidence):
    """Replicas are here."""
    evidence.fact(seen=1)

@clause("REP-07")
@pytest.mark.xfail
def test_is_expected_to_fail(evidence):
    """Replicas are good."""
    assert evidence is None, "they are not"
'''


def outcomes_in(junit: ElementTree.Element) -> dict[str, tuple[str, bool]]:
    """Read what a pipeline reads: each clause's verdict, and whether its test case is shown as passed."""
    read = {}
    for case in junit.iter("testcase"):
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        if "claim" in properties:
            shown_as_passed = not any(child.tag in ("failure", "error", "skipped") for child in case)
            read[str(properties["claim"])] = (str(properties["verdict"]), shown_as_passed)
    return read


def every_outcome(certify: Certify) -> Finished:
    """Certify with a suite that ends in every way there is."""
    done = certify(EVERY_OUTCOME)
    assert done.verdicts == {
        "REP-01": "PASS",
        "REP-02": "FAIL",
        "REP-03": "INCONCLUSIVE",
        "REP-04": "INCONCLUSIVE",
        "REP-05": "INCONCLUSIVE",
        "REP-06": "INCONCLUSIVE",
        "REP-07": "FAIL",
    }
    return done


def test_junit_says_what_the_certificate_says(certify: Certify) -> None:
    done = every_outcome(certify)
    assert done.junit is not None
    assert outcomes_in(done.junit) == {claim: (verdict, verdict == "PASS") for claim, verdict in done.verdicts.items()}
    (suite,) = done.junit.iter("testsuite")
    assert suite.get("skipped") == "0", "a pipeline shows skipped tests in green"


def test_junit_gives_the_reason(certify: Certify) -> None:
    done = every_outcome(certify)
    assert done.junit is not None
    messages = [bad.get("message") for tag in ("failure", "error") for bad in done.junit.iter(tag)]
    assert "FAIL: they share a node" in messages
    assert "INCONCLUSIVE: nobody answers" in messages


def test_the_certificate_keeps_its_schema(certify: Certify) -> None:
    schema = json.loads((Path(harness.__file__).parent / "certificate.schema.json").read_text(encoding="utf-8"))
    done = every_outcome(certify)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(done.certificate)] == []


def test_the_certificate_counts_what_it_lists(certify: Certify) -> None:
    done = every_outcome(certify)
    assert done.certificate is not None
    assert done.certificate["summary"] == {"pass": 1, "fail": 2, "inconclusive": 4, "unsupported": 0, "not_run": 0}
    assert (done.certificate["verdict"], done.certificate["exit_code"], done.exit_code) == ("FAIL", 1, 1)


def test_the_page_is_written_beside_it(certify: Certify) -> None:
    done = every_outcome(certify)
    page = (done.folder / "reports" / "run-1" / "report.html").read_text(encoding="utf-8")
    assert "they share a node" in page


def test_evidence_that_json_does_not_know_is_written_as_text(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it(evidence):
            """Replicas are alike."""
            evidence.fact(where=__import__("pathlib").Path("data"))
        '''
    )
    assert (done.exit_code, done.clause("REP-01")["facts"]) == (0, {"where": "data"})
