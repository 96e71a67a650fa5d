"""What is asked of a run and not run makes it INCONCLUSIVE: a part of the clauses never certifies the whole."""

from __future__ import annotations

import pytest

from harness.claims import Level
from harness.selection import Selection
from tests.plugin.conftest import Certify

THREE = '''
@clause("ROLL-01")
def test_rolling(evidence):
    """A rolling restart is not felt."""
    evidence.fact(window_s=1)

@clause("REP-03")
def test_replicas(evidence):
    """Replicas are alike."""
    evidence.fact(replicas=3)

@clause("DEP-01", level=Level.CERTIFY)
def test_thorough(evidence):
    """Sizes are as documented."""
    evidence.fact(sizes=3)
'''


def test_the_gate_leaves_out_what_only_certify_runs(certify: Certify) -> None:
    done = certify(THREE)
    assert (done.exit_code, done.verdicts) == (0, {"REP-03": "PASS", "ROLL-01": "PASS"})


def test_certify_runs_everything_and_what_breaks_the_cluster_comes_last(certify: Certify) -> None:
    done = certify(THREE, level=Level.CERTIFY)
    assert done.exit_code == 0
    assert list(done.verdicts) == ["DEP-01", "REP-03", "ROLL-01"]


@pytest.mark.parametrize("words", ["REP-03", "rep-03", "test_replicas", "REP", "REP-03 or DEP-01"])
def test_k_selects_a_clause_by_its_id_or_name_and_the_rest_is_owed(certify: Certify, words: str) -> None:
    done = certify(THREE, "-k", words)
    assert (done.exit_code, done.verdicts) == (2, {"REP-03": "PASS", "ROLL-01": "NOT RUN"})


@pytest.mark.parametrize(
    "asked",
    [Selection(only=("REP-03",)), Selection(only=("REP",)), Selection(skip=("ROLL",)), Selection(skip=("ROLL-01",))],
)
def test_only_and_skip_choose_by_id_or_family_and_the_rest_is_owed(certify: Certify, asked: Selection) -> None:
    done = certify(THREE, selection=asked)
    assert (done.exit_code, done.verdicts) == (2, {"REP-03": "PASS", "ROLL-01": "NOT RUN"})


def test_a_selected_clause_that_fails_is_still_a_fail(certify: Certify) -> None:
    done = certify(
        THREE.replace('"""Replicas are alike."""', '"""Replicas are alike."""\n    assert 0'), "-k", "REP-03"
    )
    assert (done.exit_code, done.verdicts) == (1, {"REP-03": "FAIL", "ROLL-01": "NOT RUN"})


def test_k_that_matches_nothing_is_a_usage_error(certify: Certify) -> None:
    done = certify(THREE, "-k", "XYZ-99")
    assert (done.exit_code, done.certificate) == (4, None)
    assert "No clause matches the selection" in done.screen


def test_k_that_cannot_be_read_is_a_usage_error(certify: Certify) -> None:
    done = certify(THREE, "-k", "REP-03 and (")
    assert (done.exit_code, done.certificate) == (4, None)


def test_a_suite_without_a_clause_is_a_usage_error(certify: Certify) -> None:
    done = certify("")
    assert (done.exit_code, done.certificate) == (4, None)


def test_naming_one_file_cannot_certify_it_when_others_are_owed(certify: Certify) -> None:
    done = certify(THREE, "--deselect", "test_suite.py::test_rolling")
    assert (done.exit_code, done.verdicts) == (2, {"REP-03": "PASS", "ROLL-01": "NOT RUN"})


@pytest.mark.parametrize(
    ("ending", "exit_code", "verdict"), [("assert 0", 1, "FAIL"), ("raise OSError", 2, "INCONCLUSIVE")]
)
def test_x_stops_at_the_first_clause_that_does_not_pass(
    certify: Certify, ending: str, exit_code: int, verdict: str
) -> None:
    done = certify(
        f'''
        @clause("REP-01")
        def test_first(cluster, evidence):
            """Replicas are alike."""
            {ending}

        @clause("REP-02")
        def test_second(cluster, evidence):
            """Replicas are apart."""
            evidence.fact(seen=1)
        ''',
        "-x",
    )
    assert (done.exit_code, done.verdicts) == (exit_code, {"REP-01": verdict, "REP-02": "NOT RUN"})
    assert done.took_down


def test_lf_runs_what_did_not_pass_last_time_and_still_owes_the_rest(certify: Certify) -> None:
    broken = {
        "test_a": THREE.replace("DEP-01", "DEP-02"),
        "test_b": '''
            import pathlib

            @clause("GRP-01")
            def test_groups(evidence):
                """Work is shared."""
                evidence.fact(members=2)

            @clause("GRP-02")
            def test_that_is_mended(evidence):
                """Lag is true."""
                evidence.fact(lag=1)
                assert pathlib.Path("mended").exists()
        ''',
    }
    first = certify(broken)
    assert (first.exit_code, first.verdicts["GRP-02"]) == (1, "FAIL")
    (first.folder / "mended").touch()
    second = certify(broken, "--lf")
    assert second.verdicts == {
        "GRP-02": "PASS",
        "REP-03": "NOT RUN",
        "GRP-01": "NOT RUN",
        "ROLL-01": "NOT RUN",
    }
    assert second.exit_code == 2


def test_lf_also_runs_again_what_could_not_be_judged(certify: Certify) -> None:
    suite = THREE.replace("evidence.fact(window_s=1)", "pytest.skip('not now')")
    assert certify(suite).exit_code == 2
    assert certify(suite, "--lf").verdicts == {"ROLL-01": "INCONCLUSIVE", "REP-03": "NOT RUN"}
