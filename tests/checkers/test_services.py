"""services: a window goes from the first error to the first success; no evidence is never a pass."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.budget import Budget
from harness.checkers import services
from harness.checkers.services import Watch
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service
from harness.verdict import Judgement, Verdict


def probe(
    due_s: float, *, key: str = "t-0", took_s: float = 0.0, late_s: float = 0.0, error: str | None = None
) -> Probe:
    begun_s = due_s + late_s
    return Probe(
        service=Service.COMMIT,
        key=key,
        intended_ns=round(due_s * NS_PER_S),
        begun_ns=round(begun_s * NS_PER_S),
        ended_ns=round((begun_s + took_s) * NS_PER_S),
        error=error,
    )


def seen(probes: Iterable[Probe], keys: tuple[str, ...] = ("t-0",)) -> Watch:
    return services.watch(probes, service=Service.COMMIT, keys=keys, from_s=0, until_s=10)


def spans(*probes: Probe) -> list[tuple[float, float]]:
    found = seen(probes).windows_longer_than(1.5)
    return [(window.start_s, window.end_s) for window in found]


def steady(*but: Probe) -> list[Probe]:
    """Make probes that are served each second, and others."""
    return [
        probe(at_s) for at_s in range(11) if not any(abs(one.intended_ns / NS_PER_S - at_s) < 0.5 for one in but)
    ] + [*but]


def judge(*probes: Probe, keys: tuple[str, ...] = ("t-0",), budget_s: float = 3.0) -> Judgement:
    return services.check(seen(probes, keys), budget=Budget(seconds=budget_s, why="hand-over"))


@pytest.fixture(autouse=True)
def one_probe_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these probes, of which one is due each second, count as probing all the time."""
    monkeypatch.setattr(services, "SHORTEST_S", 1.0)


def test_a_window_goes_from_the_first_error_to_the_first_success() -> None:
    errors = [probe(at_s, error="NotCoordinatorError") for at_s in (3, 4, 5)]
    assert spans(*steady(*errors)) == [(3, 6)]


def test_without_an_error_it_begins_at_the_last_success() -> None:
    assert spans(*steady(probe(4, took_s=2.5), probe(5, took_s=1.5), probe(6, took_s=0.5))) == [(3, 6.5)]


def test_an_error_that_is_known_late_counts_from_when_its_probe_was_due() -> None:
    errors = [probe(at_s, took_s=1.0, late_s=0.4, error="no answer in time") for at_s in (3, 4, 5)]
    assert spans(*steady(*errors)) == [(3, 6)]


def test_a_service_that_never_comes_back_is_out_until_the_end() -> None:
    assert spans(probe(0), probe(1), *(probe(at_s, error="gone") for at_s in range(2, 10))) == [(2, 10)]


@given(st.lists(st.tuples(st.floats(0, 10), st.booleans()), max_size=30))
def test_no_success_is_inside_a_window_and_none_is_longer_than_without_errors(told: list[tuple[float, bool]]) -> None:
    probes = [probe(at_s, error=None if ok else "refused") for at_s, ok in told]
    found = seen(probes).windows_longer_than(0)
    served_s = [one.ended_ns / NS_PER_S for one in probes if one.ok]
    assert not [s for s in served_s for window in found if window.start_s < s < window.end_s]
    plain = seen(one for one in probes if one.ok).windows_longer_than(0)
    longest_s = max((window.length_s for window in plain), default=10)
    assert max((window.length_s for window in found), default=0) <= longest_s


def test_within_the_budget_is_a_pass_and_beyond_it_a_fail() -> None:
    errors = [probe(at_s, error="NotCoordinatorError") for at_s in (3, 4, 5)]
    assert judge(*steady(*errors)).verdict is Verdict.PASS
    failed = judge(*steady(*errors), budget_s=2.9)
    assert failed.verdict is Verdict.FAIL
    assert failed.reason == "t-0 was out for 3.0 s, allowed are 2.9 s (hand-over)"
    assert failed.findings[0].evidence["key"] == "t-0"


@pytest.mark.parametrize("keys", [("t-0", "t-1"), ()])
def test_a_key_that_was_not_probed_makes_it_inconclusive(keys: tuple[str, ...]) -> None:
    assert judge(*steady(), keys=keys).verdict is Verdict.INCONCLUSIVE


def test_a_key_that_was_never_served_makes_it_inconclusive() -> None:
    refused = [probe(at_s, key="t-1", error="NotCoordinatorError") for at_s in range(11)]
    judged = judge(*steady(), *refused, keys=("t-0", "t-1"))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.reason == "never served, so nothing was observed: t-1"


def test_probes_of_another_service_say_nothing() -> None:
    watched = services.watch(steady(), service=Service.JOIN, keys=["t-0"], from_s=0, until_s=10)
    judged = services.check(watched, budget=Budget(seconds=3, why="so it is"))
    assert judged.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("gone_s", [range(7, 11), range(3, 5), range(2)], ids=["died", "paused", "began late"])
def test_where_nobody_probed_it_is_never_said_that_there_was_no_window(gone_s: range) -> None:
    judged = judge(*(one for one in steady() if one.intended_ns // NS_PER_S not in gone_s), budget_s=100)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "not probed all the time" in judged.reason


def test_probes_later_than_half_the_budget_can_neither_pass_nor_fail_the_cluster() -> None:
    assert judge(*steady(probe(4, late_s=1.6))).verdict is Verdict.INCONCLUSIVE
    assert judge(*steady(probe(4, late_s=1.4))).verdict is Verdict.PASS


def test_a_window_that_is_too_long_by_less_than_probes_were_late_fails_nobody() -> None:
    errors = [probe(at_s, error="NotCoordinatorError") for at_s in (3, 4, 5)]
    assert judge(*steady(*errors, probe(8, late_s=0.2)), budget_s=2.9).verdict is Verdict.INCONCLUSIVE
    assert judge(*steady(*errors, probe(8, late_s=0.05)), budget_s=2.9).verdict is Verdict.FAIL
