"""A log's start over time: the report gets its first and last sample, and the moves in between."""

from __future__ import annotations

from harness.checkers.retention import Sample
from harness.clients.log_starts import as_series


def test_only_samples_that_tell_something_are_kept() -> None:
    starts = (0, 0, 0, 5, 5, 9, 9)
    samples = [Sample(asked_s=n, answered_s=n + 0.5, log_start=start) for n, start in enumerate(starts)]
    assert as_series("orders-0", samples).points == ((0.5, 0.0), (3.5, 5.0), (5.5, 9.0), (6.5, 9.0))


def test_without_samples_there_are_no_points() -> None:
    assert as_series("orders-0", []).points == ()
