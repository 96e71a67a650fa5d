"""What each way for a clause to end means: only an assertion speaks against the cluster, only evidence for it."""

from __future__ import annotations

from harness.claims import Level
from tests.plugin.conftest import Certify


def test_a_clause_that_holds_is_certified(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it(evidence):
            """Replicas are alike."""
            evidence.fact(replicas=3)
        '''
    )
    assert (done.exit_code, done.verdicts) == (0, {"REP-01": "PASS"})
    assert done.clause("REP-01")["facts"] == {"replicas": 3}
    assert "✓ REP-01  Replicas are alike." in done.screen
    assert "CERTIFIED (exit code 0): the only claim held" in done.screen


def test_a_failed_assertion_is_a_fail_with_its_reason(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it(evidence):
            """Replicas are alike."""
            evidence.fact(lost=2)
            assert evidence.facts["lost"] == 0, "two records are gone"
        '''
    )
    assert (done.exit_code, done.verdicts) == (1, {"REP-01": "FAIL"})
    assert done.clause("REP-01")["reason"] == "two records are gone"
    assert done.clause("REP-01")["facts"] == {"lost": 2}


def test_any_other_exception_is_inconclusive_and_its_traceback_is_evidence(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it():
            """Replicas are alike."""
            {}["nothing"]
        '''
    )
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "INCONCLUSIVE"})
    assert done.clause("REP-01")["reason"] == "the harness could not check (call): KeyError: 'nothing'"
    assert '{}["nothing"]' in done.clause("REP-01")["facts"]["traceback_call"]


def test_a_clause_that_passes_without_evidence_is_inconclusive(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it(evidence):
            """Replicas are alike."""
        '''
    )
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "INCONCLUSIVE"})
    assert done.clause("REP-01")["reason"] == "the clause recorded no evidence"


def test_a_clause_may_say_itself_that_it_could_not_tell(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it(evidence):
            """Replicas are alike."""
            evidence.fact(overlapped=0)
            raise Inconclusive("no operation overlapped the fault")
        '''
    )
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "INCONCLUSIVE"})
    assert done.clause("REP-01")["reason"] == "no operation overlapped the fault"


def test_a_skipped_clause_is_inconclusive_however_it_is_skipped(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_by_a_call(evidence):
            """Replicas are alike."""
            pytest.skip("not here")

        @clause("REP-02")
        @pytest.mark.skip(reason="not today")
        def test_by_a_mark(evidence):
            """Replicas are apart."""
            evidence.fact(seen=1)

        @clause("REP-03")
        def test_by_a_missing_module(evidence):
            """Replicas are three."""
            pytest.importorskip("a_module_that_nobody_has")
        '''
    )
    assert (done.exit_code, set(done.verdicts.values())) == (2, {"INCONCLUSIVE"})
    assert done.clause("REP-01")["reason"] == "skipped: not here"
    assert done.clause("REP-02")["reason"] == "skipped: not today"


def test_an_expected_failure_is_none_the_less_a_failure(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        @pytest.mark.xfail(reason="known")
        def test_that_fails(evidence):
            """Replicas are alike."""
            assert evidence is None, "they differ"

        @clause("REP-02")
        @pytest.mark.xfail(reason="known")
        def test_that_holds(evidence):
            """Replicas are apart."""
            evidence.fact(nodes=3)

        @clause("REP-03")
        @pytest.mark.xfail(run=False)
        def test_that_is_not_even_run(evidence):
            """Replicas are three."""

        @clause("REP-04")
        def test_that_gives_up(evidence):
            """Replicas are in sync."""
            evidence.fact(seen=1)
            pytest.xfail("known")

        @clause("REP-05")
        @pytest.mark.xfail(strict=True)
        def test_that_was_sure_to_fail(evidence):
            """Replicas are there."""
            evidence.fact(seen=1)
        '''
    )
    assert done.exit_code == 1
    assert done.verdicts == {
        "REP-01": "FAIL",
        "REP-02": "PASS",
        "REP-03": "INCONCLUSIVE",
        "REP-04": "INCONCLUSIVE",
        "REP-05": "PASS",
    }


def test_an_error_in_set_up_is_inconclusive_even_when_it_is_an_assertion(certify: Certify) -> None:
    done = certify(
        '''
        @pytest.fixture
        def topic():
            assert False, "no topic"

        @clause("REP-01")
        def test_it(topic, evidence):
            """Replicas are alike."""
            evidence.fact(seen=1)
        '''
    )
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "INCONCLUSIVE"})
    assert done.clause("REP-01")["reason"] == "the harness could not check (setup): AssertionError: no topic"
    assert "no topic" in done.clause("REP-01")["facts"]["traceback_setup"]


def test_an_error_in_clean_up_takes_a_pass_away(certify: Certify) -> None:
    done = certify(
        '''
        @pytest.fixture
        def topic():
            yield
            raise OSError("the topic stays")

        @clause("REP-01")
        def test_it(topic, evidence):
            """Replicas are alike."""
            evidence.fact(seen=1)
        '''
    )
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "INCONCLUSIVE"})
    assert done.clause("REP-01")["reason"] == "the harness could not check (teardown): OSError: the topic stays"
    assert done.clause("REP-01")["facts"]["seen"] == 1


def test_a_failure_is_not_hidden_by_an_error_in_clean_up(certify: Certify) -> None:
    done = certify(
        '''
        @pytest.fixture
        def topic():
            yield
            raise OSError("the topic stays")

        @clause("REP-01")
        def test_it(topic, evidence):
            """Replicas are alike."""
            assert evidence is None, "they differ"
        '''
    )
    assert (done.exit_code, done.verdicts) == (1, {"REP-01": "FAIL"})
    assert done.clause("REP-01")["reason"] == "they differ"


def test_without_a_cluster_every_clause_is_inconclusive_and_says_where_to_look(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_it(cluster, evidence):
            """Replicas are alike."""
            evidence.fact(seen=1)
        ''',
        conftest="""
            import pytest
            from harness.deployment import Deployment

            @pytest.fixture(scope="session")
            def deployment():
                return Deployment(stage=None, cluster=None, failure="pod kafka-0: crashed", in_sync_s=None)
        """,
    )
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "INCONCLUSIVE"})
    assert done.clause("REP-01")["reason"] == "the cluster did not come up, see DEP-01"


def test_a_warning_is_no_evidence_against_a_cluster(certify: Certify) -> None:
    done = certify(
        {
            "test_suite": '''
                import warnings

                @clause("REP-01")
                def test_it(evidence):
                    """Replicas are alike."""
                    warnings.warn("old", DeprecationWarning)
                    evidence.fact(seen=1)
            '''
        },
        "-o",
        "filterwarnings=error",
    )
    assert (done.exit_code, done.verdicts) == (0, {"REP-01": "PASS"})


def test_the_worst_clause_decides(certify: Certify) -> None:
    done = certify(
        '''
        @clause("REP-01")
        def test_holds(evidence):
            """Replicas are alike."""
            evidence.fact(seen=1)

        @clause("REP-02")
        def test_cannot_tell(evidence):
            """Replicas are apart."""

        @clause("REP-03")
        def test_fails(evidence):
            """Replicas are three."""
            assert 2 == 3
        '''
    )
    assert (done.exit_code, list(done.verdicts.values())) == (1, ["PASS", "INCONCLUSIVE", "FAIL"])


UNSUPPORTED = '''
    from harness.verdict import Unsupported, UnsupportedHere

    @clause("REP-01")
    def test_holds(evidence):
        """Replicas are alike."""
        evidence.fact(seen=1)

    @clause("REP-02")
    def test_cannot_be_tried(evidence):
        """Replicas bear late packets."""
        evidence.fact(fault="disturbed traffic")
        raise UnsupportedHere("disturbed traffic: no netem")
'''


def test_a_fault_that_a_cluster_cannot_do_is_told_and_does_not_take_the_certificate_away(certify: Certify) -> None:
    done = certify(UNSUPPORTED)
    assert (done.exit_code, done.verdicts) == (0, {"REP-01": "PASS", "REP-02": "UNSUPPORTED"})
    assert done.clause("REP-02")["reason"] == "disturbed traffic: no netem"
    assert done.certificate is not None
    assert done.certificate["summary"]["unsupported"] == 1
    assert "○ REP-02  Replicas bear late packets." in done.screen
    assert "UNSUPPORTED: disturbed traffic: no netem" in done.screen
    assert "CERTIFIED (exit code 0): 1 of 2 claims could not be tried here" in done.screen
    assert done.junit is not None
    (skipped,) = done.junit.iter("skipped")
    assert skipped.get("message") == "UNSUPPORTED: disturbed traffic: no netem"


def test_where_nothing_can_be_tried_nothing_is_certified(certify: Certify) -> None:
    done = certify(UNSUPPORTED, "-k", "REP-02", level=Level.GATE)
    assert (done.exit_code, done.verdicts) == (2, {"REP-02": "UNSUPPORTED", "REP-01": "NOT RUN"})
    alone = certify(UNSUPPORTED.replace('@clause("REP-01")\n    def test_holds', "def holds"))
    assert (alone.exit_code, alone.verdicts) == (2, {"REP-02": "UNSUPPORTED"})


def test_what_is_unsupported_anywhere_but_in_an_injection_is_inconclusive(certify: Certify) -> None:
    done = certify(
        '''
        from harness.verdict import Unsupported, UnsupportedHere

        @pytest.fixture
        def fault():
            raise UnsupportedHere("no netem")

        @pytest.fixture
        def topic():
            yield
            raise OSError("the topic stays")

        @clause("REP-01")
        def test_in_its_set_up(fault, evidence):
            """Replicas are alike."""
            evidence.fact(seen=1)

        @clause("REP-02")
        def test_by_a_proof_or_a_remedy(evidence):
            """Replicas are apart."""
            raise Unsupported("the agent cannot do that")

        @clause("REP-03")
        def test_with_a_clean_up_that_fails(topic, evidence):
            """Replicas are three."""
            raise UnsupportedHere("no netem")

        @clause("REP-04")
        def test_after_a_failure(evidence):
            """Replicas are in sync."""
            try:
                assert 2 == 3, "two"
            finally:
                evidence.fact(seen=1)
        '''
    )
    assert (done.exit_code, set(list(done.verdicts.values())[:3])) == (1, {"INCONCLUSIVE"})
