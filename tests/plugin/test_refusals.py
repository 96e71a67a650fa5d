"""Suites that cannot be certified with: each is refused with a sentence, before a clause runs."""

from __future__ import annotations

import pytest

from harness.errors import ExitCode, HarnessError, MachineError, RefusalError
from tests.plugin.conftest import Certify

GOOD = '''
@clause("REP-01")
def test_good(cluster, evidence):
    """Replicas are alike."""
    evidence.fact(seen=1)
'''


def test_a_clause_without_a_sentence_is_refused(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it(evidence):
            """todo"""
            evidence.fact(seen=1)
        '''
    )
    assert (done.exit_code, done.certificate) == (4, None)
    assert "test_it: REP-01: got docstring 'todo', expected it to start with the certified sentence" in done.screen


def test_a_clause_without_a_docstring_is_refused(certify: Certify) -> None:
    done = certify('@clause("REP-01")\ndef test_it(evidence):\n    evidence.fact(seen=1)\n')
    assert (done.exit_code, done.certificate) == (4, None)
    assert "REP-01: got docstring ''" in done.screen


def test_a_test_that_is_no_clause_is_refused(certify: Certify) -> None:
    done = certify(GOOD + "\ndef test_it():\n    pass\n")
    assert (done.exit_code, done.certificate) == (4, None)
    assert "test_suite.py::test_it certifies nothing: mark it with @clause('XXX-00')" in done.screen


def test_two_clauses_with_one_id_are_refused(certify: Certify) -> None:
    done = certify({"test_a": GOOD, "test_b": GOOD})
    assert (done.exit_code, done.certificate) == (4, None)
    assert "claim ids must be unique, these are not: REP-01" in done.screen


def test_a_clause_with_several_parameter_sets_is_refused_for_it_would_have_several_verdicts(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        @pytest.mark.parametrize("size", [1, 2])
        def test_it(size, evidence):
            """Replicas are alike."""
        '''
    )
    assert (done.exit_code, done.certificate) == (4, None)
    assert "claim ids must be unique" in done.screen


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("import a_module_that_nobody_has", "No module named 'a_module_that_nobody_has'"),
        ("def test_(:", "SyntaxError"),
        ("@clause('rep-1')\ndef test_it(): ...", "got claim id 'rep-1', expected a family and two digits"),
    ],
)
def test_a_file_that_does_not_load_is_the_harnesss_own_failure(certify: Certify, broken: str, reason: str) -> None:
    done = certify({"test_a": GOOD, "test_b": broken})
    assert (done.exit_code, done.certificate) == (3, None)
    assert "test_b.py does not load: " in done.screen
    assert reason in done.screen


def test_a_file_that_does_not_load_cannot_be_overlooked(certify: Certify) -> None:
    done = certify({"test_a": GOOD, "test_b": "import a_module_that_nobody_has"}, "--continue-on-collection-errors")
    assert (done.exit_code, done.certificate) == (3, None)


@pytest.mark.parametrize(
    "error",
    [
        MachineError("the API does not answer", remedy="start it"),
        RefusalError("namespace 'x' is occupied", remedy="name another"),
    ],
)
def test_a_deployment_that_cannot_begin_ends_the_run_with_the_errors_own_exit_code(
    certify: Certify, error: HarnessError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("harness.fixtures.deployed", refuse)
    done = certify(GOOD, conftest="")
    assert (done.exit_code, done.certificate) == (error.exit_code, None)
    assert str(error) in done.screen


def test_a_bug_in_the_harness_is_exit_code_3(certify: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("harness.plugin.publish", stumble)
    done = certify(GOOD)
    assert (done.exit_code, done.certificate) == (ExitCode.HARNESS, None)
    assert "The certificate could not be written." in done.screen
    assert "RuntimeError: a bug" in done.screen
    assert done.took_down


def test_without_a_run_the_clauses_say_which_command_starts_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("from harness.claims import clause\n" + GOOD)
    result = pytester.runpytest_inprocess("-p", "harness.plugin", "-p", "no:locust")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*the suites certify a cluster: run `harness gate`, not pytest alone*"])


def test_without_a_run_the_plugin_sleeps(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_of_a_project():\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "harness.plugin", "-p", "no:locust")
    result.assert_outcomes(passed=1)
