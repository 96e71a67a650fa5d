"""A run that is cut off: what is known is certified, what was deployed is taken down, and it is never exit code 0."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import Certify

IN_THE_MIDDLE = '''
@clause("REP-01")
def test_before(cluster, evidence):
    """Replicas are alike."""
    evidence.fact(seen=1)
    assert {holds}, "they differ"

@clause("REP-02")
def test_interrupted(cluster, evidence):
    """Replicas are apart."""
    evidence.fact(seen=1)
    raise KeyboardInterrupt

@clause("REP-03")
def test_after(cluster, evidence):
    """Replicas are three."""
    evidence.fact(seen=1)
'''


@pytest.mark.parametrize(("holds", "exit_code", "verdict"), [(True, 2, "PASS"), (False, 1, "FAIL")])
def test_an_interrupt_leaves_a_certificate_and_no_cluster(
    certify: Certify, holds: bool, exit_code: int, verdict: str
) -> None:
    done = certify(IN_THE_MIDDLE.format(holds=holds))
    assert done.verdicts == {"REP-01": verdict, "REP-02": "NOT RUN", "REP-03": "NOT RUN"}
    assert done.exit_code == exit_code
    assert done.took_down
    assert done.junit is not None


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param("@pytest.fixture\ndef cut():\n    raise KeyboardInterrupt", id="set-up"),
        pytest.param("@pytest.fixture\ndef cut():\n    yield\n    raise KeyboardInterrupt", id="clean-up"),
    ],
)
def test_an_interrupt_around_the_only_clause_is_never_exit_code_0(certify: Certify, cut: str) -> None:
    done = certify(
        f'{cut}\n\n@clause("REP-01")\ndef test_it(cluster, cut, evidence):\n'
        '    """Replicas are alike."""\n    evidence.fact(seen=1)\n'
    )
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "NOT RUN"})
    assert done.took_down


BAD_CLEAN_UP = """
import pytest

@pytest.fixture(scope="session")
def cluster():
    yield
    raise OSError("namespace tiny stays")
"""


def test_a_clean_up_that_fails_after_an_interrupt_does_not_cost_the_certificate(certify: Certify) -> None:
    done = certify(IN_THE_MIDDLE.format(holds=True), conftest=BAD_CLEAN_UP)
    assert done.verdicts == {"REP-01": "PASS", "REP-02": "NOT RUN", "REP-03": "NOT RUN"}
    assert done.exit_code == 2
    assert done.certificate is not None
    assert done.certificate["events"][-1]["what"] == "failed: OSError: namespace tiny stays"
    assert "The clean-up failed: OSError: namespace tiny stays" in done.screen


def test_a_clean_up_that_fails_at_the_end_belongs_to_the_last_clause(certify: Certify) -> None:
    suite = (
        '@clause("REP-01")\ndef test_it(cluster, evidence):\n    """Replicas are alike."""\n    evidence.fact(n=1)\n'
    )
    done = certify(suite, conftest=BAD_CLEAN_UP)
    assert (done.exit_code, done.verdicts) == (2, {"REP-01": "INCONCLUSIVE"})
