"""Quota: what is carried is what is allowed; where no more was tried in vain, nothing was held."""

from __future__ import annotations

import pytest

from harness.checkers.load import quota
from harness.verdict import Verdict

ALLOWED_HZ = 1000.0
CARRIED, NOT_CARRIED, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def test_who_is_held_to_what_is_allowed_passes() -> None:
    trials = [(500, CARRIED), (2000, NOT_CARRIED), (980, CARRIED), (1100, NOT_CARRIED)]
    found = quota.check(trials, carried_hz=980, allowed_hz=ALLOWED_HZ)
    assert (found.verdict, found.reason) == (
        Verdict.PASS,
        "980 records/s were carried, 1000 are allowed, 1100 were not",
    )


@pytest.mark.parametrize("carried_hz", [800.0, 1200.0, None])
def test_a_quota_that_is_not_kept_to_or_takes_more_than_it_says_fails(carried_hz: float | None) -> None:
    found = quota.check([(2000, NOT_CARRIED)], carried_hz=carried_hz, allowed_hz=ALLOWED_HZ)
    assert found.verdict is Verdict.FAIL


@pytest.mark.parametrize("trials", [[], [(900, NOT_CARRIED)], [(1100, CARRIED)], [(1100, UNKNOWN)]])
def test_where_no_more_was_tried_in_vain_nothing_is_known(trials: list[tuple[float, Verdict]]) -> None:
    found = quota.check(trials, carried_hz=950, allowed_hz=ALLOWED_HZ)
    assert found.verdict is Verdict.INCONCLUSIVE
