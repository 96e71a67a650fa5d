"""The terminal summary: what is not green first, the verdict with its exit code last, nothing wider than the screen."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from harness.certificate import Certificate
from harness.summary import render_summary
from harness.verdict import Verdict
from tests.report.sample import Variant, sample

REPORT = Path("reports/made-up/report.html")


def printed(certificate: Certificate, *, width: int = 80, terminal: bool = False) -> str:
    """Return what the summary prints."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        highlight=False,
    )
    render_summary(certificate.as_json(), report=REPORT, console=console)
    return stream.getvalue()


def test_all_green() -> None:
    assert printed(sample(Variant.PASS)).splitlines()[-4:] == [
        "",
        "✓ CERTIFIED (exit code 0): all 45 claims held",
        "  report: reports/made-up/report.html",
        "  all of it again: harness gate --seed 20260114",
    ]


def after_the_table(lines: list[str]) -> list[str]:
    """Return the lines from the one below the sums."""
    return lines[next(at for at, line in enumerate(lines) if line.startswith("all  ")) + 1 :]


def test_failures_stand_with_their_reasons_between_the_table_and_the_verdict() -> None:
    lines = printed(sample(Variant.FAIL)).splitlines()
    assert after_the_table(lines)[:10] == [
        "",
        "✗ FAIL  DEP-02",
        "    CPU and memory limits are the documented ones in the API and in the kernel.",
        "    CPU limit of kafka-2: documented 500m, API 250m, kernel 25000/100000",
        "",
        "✗ FAIL  FAIL-03",
        "    No acknowledged record is lost when the leader of a partition crashes in",
        "    place.",
        "    lost-write: 2 of 9 214 acknowledged records were never read; outage: the",
        "    worst window was 12.4 s on orders-1 (produce acks=all), allowed are 10 s",
    ]
    assert lines[-3:] == [
        "✗ NOT CERTIFIED (exit code 1): 2 of 45 claims did not hold, 1 not judged",
        "  report: reports/made-up/report.html",
        "  what did not pass, again: harness gate --seed 20260114 -k 'DEP-02 or FAIL-03 or ROLL-02'",
    ]


def test_families_are_counted() -> None:
    lines = printed(sample(Variant.FAIL)).splitlines()
    assert "family             pass  fail  inconclusive  not run         took" in lines
    assert "Failover (FAIL)       7     1             ·        ·   4 min 21 s" in lines
    assert "all                  42     2             1        ·  13 min 58 s" in lines


def test_inconclusive_names_what_did_not_run() -> None:
    text = printed(sample(Variant.INCONCLUSIVE))
    assert text.index("family") < text.index("? INCONCLUSIVE  FAIL-04") < text.index("– NOT RUN\n    LOAD-04\n")
    assert "\n? INCONCLUSIVE (exit code 2): 2 of 45 claims could not be judged, 1 not run\n" in text


def test_what_cannot_be_tried_here_is_named_and_does_not_take_the_certificate_away() -> None:
    lines = printed(sample(Variant.UNSUPPORTED)).splitlines()
    assert after_the_table(lines)[1:4] == [
        "○ UNSUPPORTED  ROLL-03",
        "    A configuration change rolls through all brokers under load.",
        "    disturbed traffic: this made-up kernel has no netem",
    ]
    assert "✓ CERTIFIED (exit code 0): 1 of 45 claims could not be tried here" in lines
    assert lines[-1] == "  all of it again: harness gate --seed 20260114"
    (head,) = [line for line in lines if line.startswith("family")]
    assert head.split()[:5] == ["family", "pass", "fail", "inconclusive", "unsupported"]
    (rolling,) = [line.split() for line in lines if line.startswith("Rolling (ROLL)")]
    assert rolling[2:7] == ["2", "·", "·", "1", "·"]


def test_an_empty_run_was_no_check() -> None:
    assert printed(sample(Variant.EMPTY)).splitlines() == [
        "",
        "? INCONCLUSIVE (exit code 2): nothing was checked",
        "  report: reports/made-up/report.html",
        "  all of it again: harness gate --seed 20260114",
    ]


def test_a_run_that_never_began_says_so() -> None:
    text = printed(sample(Variant.NOT_RUN))
    assert "? INCONCLUSIVE (exit code 2): nothing was checked, 45 claims did not run\n" in text


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("variant", Variant)
def test_lines_fit_the_screen_but_commands_are_never_broken(variant: Variant, width: int) -> None:
    for line in printed(sample(variant), width=width).splitlines():
        assert len(line) <= width or line.startswith("  what did not pass, again: ")


def test_long_reasons_are_cut_to_a_few_lines() -> None:
    certificate = sample(Variant.FAIL)
    clauses = [replace(clause, reason="because " * 500) for clause in certificate.clauses]
    lines = printed(replace(certificate, clauses=clauses)).splitlines()
    assert sum("because" in line for line in lines) == 3 * 4
    assert after_the_table(lines)[6].endswith(" …")


def test_very_many_failures_are_not_all_listed() -> None:
    certificate = sample(Variant.PASS)
    clauses = [replace(clause, verdict=Verdict.FAIL, reason="broken") for clause in certificate.clauses]
    text = printed(replace(certificate, clauses=clauses))
    assert text.count("✗ FAIL  ") == 12
    assert "and 33 more, see the report" in text


def test_brackets_and_escape_codes_in_a_reason_are_only_text() -> None:
    certificate = sample(Variant.FAIL)
    clauses = [replace(clause, reason="isr [1,2] to [red]2[/red] \x1b[2J") for clause in certificate.clauses]
    text = printed(replace(certificate, clauses=clauses))
    assert "isr [1,2] to [red]2[/red]  [2J" in text
    assert "\x1b" not in text


def test_colour_is_for_terminals() -> None:
    assert "\x1b[" in printed(sample(Variant.FAIL), terminal=True)
    assert "\x1b[" not in printed(sample(Variant.FAIL), terminal=False)
