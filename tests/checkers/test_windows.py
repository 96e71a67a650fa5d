"""windows: the stretches without an acknowledgement are found whole, edges included, and judged against a budget."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checkers import windows
from harness.evidence import Window
from harness.histories.building import history_of
from harness.histories.history import History
from harness.ops import Op, OpType
from harness.runclock import NS_PER_S
from harness.verdict import Judgement, Verdict

MOMENTS = st.floats(0, 100, allow_nan=False)


@given(st.lists(MOMENTS), MOMENTS, MOMENTS)
def test_gaps_cover_the_observation_without_a_hole_or_an_overlap(times: list[float], one: float, other: float) -> None:
    start_s, end_s = sorted((one, other))
    found = windows.gaps(times, start_s=start_s, end_s=end_s)
    assert sum(end - begin for begin, end in found) == pytest.approx(end_s - start_s)
    assert (found[0][0], found[-1][1]) == (start_s, end_s)
    assert all(left[1] == right[0] for left, right in pairwise(found))


@given(st.lists(MOMENTS, min_size=1))
def test_no_acknowledgement_is_inside_a_gap(times: list[float]) -> None:
    found = windows.gaps(times, start_s=20, end_s=80)
    assert not [t for t in times for begin, end in found if begin < t < end]


def test_no_acknowledgement_at_all_is_one_gap_of_the_full_length() -> None:
    assert windows.gaps([], start_s=3, end_s=10) == [(3, 10)]
    assert windows.gaps([1, 2, 11], start_s=3, end_s=10) == [(3, 10)]


def test_the_edges_of_the_observation_count() -> None:
    assert windows.gaps([5], start_s=0, end_s=6) == [(0, 5), (5, 6)]


def history(*ends: tuple[str, float, OpType]) -> History:
    """Make a history of sends to a key that ended at a moment, somehow."""
    events = [Op(2 * n, 0, 0, OpType.INVOKE, "send", [["send", key, n]]) for n, (key, _, _) in enumerate(ends)]
    events += [
        Op(2 * n + 1, int(at_s * NS_PER_S), 0, how, "send", [["send", key, [n, n] if how is OpType.OK else n]])
        for n, (key, at_s, how) in enumerate(ends)
    ]
    return history_of(events)


def acknowledged(key: str, *ended_s: float, outcome: OpType = OpType.OK) -> list[tuple[str, float, OpType]]:
    """Make the ends of sends to one key."""
    return [(key, at_s, outcome) for at_s in ended_s]


def test_windows_are_found_per_partition_the_worst_first() -> None:
    seen = history(*acknowledged("t-0", 1, 2, 3, 4), *acknowledged("t-1", 1, 4))
    found = windows.find(seen, keys=["t-0", "t-1"], start_s=1, end_s=4, longer_than_s=1.5)
    assert found == (Window(key="t-1", operation=windows.OPERATION, start_s=1, end_s=4),)


def test_a_partition_that_never_acknowledged_is_one_window_of_the_full_length() -> None:
    found = windows.find(history(), keys=["t-0"], start_s=2, end_s=9)
    assert [window.length_s for window in found] == [7]


def test_only_acknowledgements_end_a_window() -> None:
    refused = acknowledged("t-0", 2, 3, outcome=OpType.FAIL) + acknowledged("t-0", 4, outcome=OpType.INFO)
    found = windows.find(history(*refused), keys=["t-0"], start_s=0, end_s=5)
    assert [window.length_s for window in found] == [5]


def test_a_window_as_long_as_the_threshold_is_not_reported() -> None:
    seen = history(*acknowledged("t-0", 0, 1, 2))
    assert windows.find(seen, keys=["t-0"], start_s=0, end_s=2, longer_than_s=1) == ()


def window(length_s: float, *, key: str = "t-0") -> Window:
    return Window(key=key, operation=windows.OPERATION, start_s=10, end_s=10 + length_s)


def judge(*found: Window, acknowledged: int = 100, lateness_s: float = 0.0) -> Judgement:
    """Judge windows against a budget of 3 s."""
    return windows.check(
        found, acknowledged=acknowledged, budget_s=3.0, generator_lateness_s=lateness_s, budget_why="hand-over"
    )


def test_a_window_within_the_budget_is_a_pass_and_one_beyond_it_a_fail() -> None:
    assert judge(window(3.0)).verdict is Verdict.PASS
    assert judge(window(3.1)).verdict is Verdict.FAIL
    assert judge(window(3.1)).reason == "t-0 acknowledged nothing for 3.1 s, the budget is 3 s (hand-over)"


def test_no_window_worth_reporting_is_a_pass() -> None:
    assert judge().verdict is Verdict.PASS


def test_the_worst_window_is_named_in_whatever_order_they_come() -> None:
    judged = judge(window(1), window(9, key="t-1"), window(5, key="t-2"))
    assert judged.reason.startswith("t-1 acknowledged nothing for 9.0 s")
    assert judged.findings[0].evidence["key"] == "t-1"


def test_without_acknowledgements_nothing_was_observed() -> None:
    assert judge(window(60), acknowledged=0).verdict is Verdict.INCONCLUSIVE
    assert judge(acknowledged=0).verdict is Verdict.INCONCLUSIVE


def test_a_generator_that_was_late_itself_can_neither_pass_nor_fail_the_cluster() -> None:
    assert judge(window(9), lateness_s=1.6).verdict is Verdict.INCONCLUSIVE
    assert judge(window(1), lateness_s=1.6).verdict is Verdict.INCONCLUSIVE
    assert judge(window(9), lateness_s=1.5).verdict is Verdict.FAIL
