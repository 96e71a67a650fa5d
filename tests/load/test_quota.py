"""Quota: what was carried is what is allowed; where nobody asked for more, nothing was held."""

from __future__ import annotations

from dataclasses import replace

from harness.checkers.load import quota
from harness.measuring.result import LoadResult
from harness.verdict import Verdict
from tests.load.samples import consumed, produced, result

ALLOWED_HZ = 1000.0


def trial(asked_hz: float, taken_hz: float, *, burst_hz: float | None = None, seconds: int = 30) -> LoadResult:
    """Return a trial in which so many records were asked for and taken; first, `burst_hz` of them were."""
    begun = [burst_hz if burst_hz is not None and second < quota.BURST_S else taken_hz for second in range(seconds)]
    frames = [
        frame
        for second, taken in enumerate(begun)
        for frame in (produced(second, acknowledged=int(taken)), consumed(second))
    ]
    made = result(frames)
    until_s = made.trial.begun_s + seconds
    return replace(made, trial=replace(made.trial, rate_hz=asked_hz, from_s=made.trial.begun_s + 2, until_s=until_s))


def test_who_is_held_to_what_is_allowed_passes() -> None:
    found = quota.check([trial(900, 900), trial(2000, 1010)], carried_hz=980, allowed_hz=ALLOWED_HZ)
    assert found.verdict is Verdict.PASS
    assert found.reason == "980 records/s were carried, 1000 are allowed; of 2000 asked for 1010 were taken"


def test_a_quota_that_does_not_hold_fails() -> None:
    found = quota.check([trial(2000, 1300)], carried_hz=1000, allowed_hz=ALLOWED_HZ)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "1300 of 2000 records/s were taken, 1000 are allowed")


def test_a_quota_that_takes_more_than_it_says_fails() -> None:
    for carried_hz in (800.0, 1200.0, None):
        found = quota.check([trial(2000, 900)], carried_hz=carried_hz, allowed_hz=ALLOWED_HZ)
        assert found.verdict is Verdict.FAIL


def test_what_a_quiet_client_may_send_at_once_is_not_held_against_the_quota() -> None:
    found = quota.check([trial(2000, 1000, burst_hz=2000)], carried_hz=1000, allowed_hz=ALLOWED_HZ)
    assert found.verdict is Verdict.PASS


def test_where_nobody_asked_for_clearly_more_for_long_enough_nothing_is_known() -> None:
    for results in ([], [trial(1400, 1000)], [trial(2000, 1000, seconds=22)]):
        found = quota.check(results, carried_hz=1000, allowed_hz=ALLOWED_HZ)
        assert found.verdict is Verdict.INCONCLUSIVE
