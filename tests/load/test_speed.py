"""Judging speed: seen to pass, to fail and to say that it cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checkers.load import speed
from harness.checkers.load.slopes import slope
from harness.measuring.frames import Frame
from harness.measuring.result import LoadResult
from harness.verdict import Judgement, Verdict
from tests.load.samples import MEASURED_S, RATE, WARM_UP_S, consumed, good_frames, produced, result

JUDGES: tuple[Callable[[LoadResult], Judgement], ...] = (
    speed.rate,
    speed.produce_latency,
    speed.end_to_end_latency,
    speed.backlog,
    speed.lag,
)
SECONDS = range(WARM_UP_S + MEASURED_S)


@pytest.mark.parametrize("judge", JUDGES)
def test_a_good_load_passes(judge: Callable[[LoadResult], Judgement]) -> None:
    assert judge(result()).verdict is Verdict.PASS


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("frames", [[], good_frames()[: 2 * WARM_UP_S], good_frames()[:-4]])
def test_a_load_without_data_or_cut_short_is_inconclusive(
    judge: Callable[[LoadResult], Judgement], frames: list[Frame]
) -> None:
    assert judge(result(frames)).verdict is Verdict.INCONCLUSIVE


def test_too_few_acknowledgements_fail() -> None:
    frames = [produced(second, acknowledged=int(RATE * 0.99)) for second in SECONDS]
    assert speed.rate(result(frames)).verdict is Verdict.FAIL


@pytest.mark.parametrize(("latency_ms", "verdict"), [(80, Verdict.PASS), (700, Verdict.FAIL)])
def test_records_under_way_at_the_end_are_missing_only_when_they_are_late(latency_ms: int, verdict: Verdict) -> None:
    """A load in which every record takes so long: the first seconds lack answers, the last ones are waited for."""
    late = RATE * latency_ms // 1000
    frames = [frame for frame in good_frames() if frame.engine == "producer-0"]
    readers = [frame for frame in good_frames() if frame.engine != "producer-0"]
    last = frames[-1]
    frames[-1] = replace(last, acknowledged=last.acknowledged - late)
    assert speed.rate(result([*frames, *readers])).verdict is verdict


def test_one_failed_record_fails_even_in_the_warm_up() -> None:
    frames = [produced(second, failed=1 if second == 0 else 0) for second in SECONDS]
    judgement = speed.rate(result(frames))
    assert judgement.verdict is Verdict.FAIL
    assert judgement.measured["errors"] == {"_TIMED_OUT": 1}


def test_late_acknowledgements_fail() -> None:
    frames = [produced(second, latency_ms=120) for second in SECONDS]
    assert speed.produce_latency(result(frames)).verdict is Verdict.FAIL


def test_a_slow_warm_up_is_forgiven() -> None:
    frames = [produced(second, latency_ms=3000 if second < WARM_UP_S else 10) for second in SECONDS]
    assert speed.produce_latency(result(frames)).verdict is Verdict.PASS


def test_percentiles_are_of_all_records_not_of_seconds() -> None:
    """One bad second of ten is 10 % of the records: a mean of the seconds' percentiles would hide it."""
    frames = [produced(second, latency_ms=500 if second == WARM_UP_S else 1) for second in SECONDS]
    assert speed.produce_latency(result(frames)).verdict is Verdict.FAIL


def test_late_deliveries_fail() -> None:
    frames = [consumed(second, end_to_end_ms=200) for second in SECONDS]
    assert speed.end_to_end_latency(result(frames)).verdict is Verdict.FAIL


def test_a_growing_backlog_fails() -> None:
    frames = [produced(second, acknowledged=RATE - 20) for second in SECONDS]
    assert speed.backlog(result(frames)).verdict is Verdict.FAIL


def test_a_growing_lag_fails() -> None:
    frames = [frame for second in SECONDS for frame in (produced(second), consumed(second, count=RATE - 20))]
    assert speed.lag(result(frames)).verdict is Verdict.FAIL


def test_a_lag_that_stays_is_not_a_growing_one() -> None:
    frames = [frame for s in SECONDS for frame in (produced(s), consumed(s, count=RATE - (500 if s == 0 else 0)))]
    judgement = speed.lag(result(frames))
    assert judgement.verdict is Verdict.PASS
    assert judgement.measured["most"] == 500


@given(st.floats(-100, 100), st.floats(-1000, 1000), st.integers(5, 40), st.data())
def test_the_slope_of_a_line_is_found_whatever_one_point_says(
    rise: float, start: float, count: int, data: st.DataObject
) -> None:
    points = [(float(x), start + rise * x) for x in range(count)]
    assert slope(points) == pytest.approx(rise, abs=1e-6)
    liar = data.draw(st.integers(0, count - 1))
    points[liar] = (float(liar), 1e9)
    assert slope(points) == pytest.approx(rise, abs=1e-6)


def test_one_point_has_no_slope() -> None:
    with pytest.raises(ValueError, match="at least two"):
        slope([(1.0, 1.0)])
