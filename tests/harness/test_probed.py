"""Probed: services are there before the fault, watched during it, and judged by budgets of their own."""

from __future__ import annotations

import pytest

from harness import probed
from harness.budget import Budget
from harness.services import Service
from harness.verdict import Inconclusive, Judgement, Verdict
from tests.harness.fake_probes import FakeProbes


def judged(probes: FakeProbes, *, budget_s: float) -> Judgement:
    watches = probed.watched(probes, from_s=-1.0, until_s=1.0)
    (judgement,) = probed.judged(watches, {Service.FETCH: Budget(seconds=budget_s, why="so it is")})
    return judgement


def test_a_service_that_is_out_is_judged_by_its_own_budget() -> None:
    probes = FakeProbes()
    assert judged(probes, budget_s=0.1).verdict is Verdict.PASS
    probes.ends_at_s = 0.5
    assert judged(probes, budget_s=0.6).verdict is Verdict.PASS
    assert judged(probes, budget_s=0.4).verdict is Verdict.FAIL


def test_probes_that_die_make_the_windows_inconclusive() -> None:
    probes = FakeProbes()
    probes.dies_at_s = 0.5
    assert judged(probes, budget_s=3).verdict is Verdict.INCONCLUSIVE


def test_a_service_without_a_budget_is_seen_and_not_judged() -> None:
    watches = probed.watched(FakeProbes(), from_s=-1.0, until_s=1.0)
    assert [seen.service for seen in watches] == [Service.FETCH]
    assert probed.judged(watches, {}) == ()


def test_a_service_that_is_not_there_shows_nothing_before_the_fault_and_a_window_after_it() -> None:
    probes = FakeProbes()
    probes.is_served = False
    with pytest.raises(Inconclusive, match="not every service was there before the fault"):
        probed.before_the_fault(probes)
    probed.after_the_fault(probes)


def test_where_nothing_can_be_probed_nothing_is_judged() -> None:
    with probed.Unprobed() as nobody:
        probed.before_the_fault(nobody)
        probed.after_the_fault(nobody)
    assert probed.watched(nobody, from_s=0, until_s=1) == ()
