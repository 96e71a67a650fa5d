"""A reader can tell a slow machine from a slow cluster: on the page, on the terminal, in the JSON form."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count, takewhile

import pytest

from harness.certificate import Certificate
from harness.report import render_html
from harness.report.machine import machine_series, pace_words
from harness.verdict import Verdict
from tests.report.sample import Variant, sample
from tests.report.test_report_schema import VALIDATOR
from tests.report.test_report_summary import printed

SLOW = "This machine was 95% busy meanwhile, and work took 1.5 times the CPU time that it took in the fastest tenth of"


def watched(certificate: Certificate) -> Certificate:
    """Return the certificate of a machine that was slow whenever a clause did not hold."""
    bad = [clause for clause in certificate.clauses if clause.verdict is Verdict.FAIL]
    end_s = max(clause.started_s + clause.duration_s for clause in certificate.clauses)
    samples = []
    for time_s in takewhile(lambda time_s: time_s <= end_s, count(2.0, 2.0)):
        is_slow = any(clause.started_s < time_s <= clause.started_s + clause.duration_s + 2 for clause in bad)
        samples.append([time_s, 0.95, 1.2] if is_slow else [time_s, 0.5, 0.8])
    machine = {"cpus": 2, "memory_bytes": 1, "kernel": "made-up", "samples": samples}
    return replace(certificate, environment={**certificate.environment, "machine": machine})


def test_the_page_says_it_of_what_failed_and_draws_the_run() -> None:
    html = render_html(watched(sample(Variant.FAIL)).as_json())
    failed = [clause for clause in sample(Variant.FAIL).clauses if clause.verdict is Verdict.FAIL]
    assert html.count(SLOW) == 2 * len(failed), "once above, once in its fold"
    assert "this machine: CPU in use" in html
    assert "this machine: CPU time of one piece of work" in html


def test_the_terminal_says_it_below_the_reason() -> None:
    text = printed(watched(sample(Variant.FAIL)), width=110)
    assert text.index("kernel 25000/100000") < text.index("This machine was 95% busy meanwhile")


def test_nothing_is_said_where_nobody_watched() -> None:
    certificate = sample(Variant.FAIL)
    assert (machine_series(certificate), pace_words(certificate.clauses[0], certificate)) == ((), "")
    assert "This machine was" not in render_html(certificate.as_json())
    assert "This machine was" not in printed(certificate)


def complaints(samples: list[list[float]]) -> list[str]:
    """Return what the schema says of a certificate with these samples."""
    machine = {"cpus": 2, "memory_bytes": 1, "kernel": "made-up", "samples": samples}
    certificate = sample(Variant.FAIL)
    data = replace(certificate, environment={**certificate.environment, "machine": machine}).as_json()
    return [error.message for error in VALIDATOR.iter_errors(json.loads(json.dumps(data)))]


def test_the_schema_knows_the_samples() -> None:
    assert complaints([[2.0, 0.5, 0.8], [4.0, 1.0, 1.2]]) == []


@pytest.mark.parametrize("broken", [[1.0, 0.5], [1.0, 1.5, 1.0], [1.0, 0.5, 0.0], [-1.0, 0.5, 1.0]])
def test_the_schema_refuses_broken_samples(broken: list[float]) -> None:
    assert complaints([broken]) != []
