"""The chart parts are pure and hold for any numbers: round ticks, kept extremes, labels that never touch."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.charts import (
    Point,
    Scale,
    bounds,
    downsample,
    line_path,
    log_ticks,
    merged,
    node,
    number,
    runs,
    shortened,
    stagger,
    svg,
    text_width,
    ticks,
    time_ticks,
    value_ticks,
)

ANY = st.floats(allow_nan=True, allow_infinity=True)
AMOUNTS = st.floats(min_value=-1e12, max_value=1e12)
TIMES = st.floats(min_value=0, max_value=1e6)
SPANS = st.lists(st.tuples(TIMES, st.floats(min_value=0, max_value=500)).map(lambda pair: (pair[0], sum(pair))))


def points_in_order(values: st.SearchStrategy[float] = AMOUNTS) -> st.SearchStrategy[list[Point]]:
    return st.lists(st.tuples(TIMES, values), max_size=300).map(lambda points: sorted(points, key=lambda p: p[0]))


def step_digits(values: list[float]) -> set[str]:
    """Return the significant digits of the steps between ticks: a set of '1', '2' or '5' when they are round."""
    steps = [Decimal(repr(high)) - Decimal(repr(low)) for low, high in pairwise(values)]
    return {"".join(map(str, step.normalize().as_tuple().digits)) for step in steps}


@given(low=AMOUNTS, high=AMOUNTS, about=st.integers(min_value=1, max_value=12))
def test_ticks_are_round_increasing_and_cover_the_range(low: float, high: float, about: int) -> None:
    low, high = sorted((low, high))
    values = ticks(low, high, about=about)
    assert values == sorted(set(values))
    assert values[0] <= low
    assert values[-1] >= high
    assert 2 <= len(values) <= 2 * about + 3
    if high - low > 1e-6 * max(abs(low), abs(high)):
        assert step_digits(values) in ({"1"}, {"2"}, {"5"})


@given(low=ANY, high=ANY)
def test_no_number_breaks_the_axes(low: float, high: float) -> None:
    for labels in (value_ticks(low, high), time_ticks(abs(low), abs(high))):
        assert all(math.isfinite(tick.value) for tick in labels)
    values = value_ticks(low, high)
    assert len({tick.label for tick in values}) == len(values)


@given(low=TIMES, length=st.floats(min_value=0.1, max_value=1e6))
def test_time_ticks_lie_inside_and_read_differently(low: float, length: float) -> None:
    labels = time_ticks(low, low + length)
    slack = 1e-6 * (low + length)
    assert all(low - slack <= tick.value <= low + length + slack for tick in labels)
    assert len({tick.label for tick in labels}) == len(labels)
    assert 1 <= len(labels) <= 10


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 28, ["0 s", "5 s", "10 s", "15 s", "20 s", "25 s"]),
        (0, 900, ["0 min", "2 min", "4 min", "6 min", "8 min", "10 min", "12 min", "14 min"]),
        (0, 0.5, ["0 s", "0.1 s", "0.2 s", "0.3 s", "0.4 s", "0.5 s"]),
    ],
)
def test_time_ticks_are_those_people_use(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in time_ticks(low, high)] == labels


def test_value_ticks_shorten_thousands() -> None:
    assert [tick.label for tick in value_ticks(0, 40_000)] == ["0", "20k", "40k"]


@given(points=points_in_order(), buckets=st.integers(min_value=1, max_value=60))
def test_downsampling_keeps_extremes_ends_and_order(points: list[Point], buckets: int) -> None:
    kept = downsample(points, buckets=buckets)
    remaining = iter(points)
    assert all(point in remaining for point in kept), "every kept point is one of the points, in their order"
    assert len(kept) <= 2 * buckets + 2
    assert bounds(value for _, value in kept) == bounds(value for _, value in points)
    assert kept[:1] == points[:1]
    assert kept[-1:] == points[-1:]


@given(points=st.lists(st.tuples(ANY, ANY), max_size=80))
def test_a_gap_in_the_data_is_a_gap_in_the_line(points: list[Point]) -> None:
    stretches = runs(points)
    flat = [point for stretch in stretches for point in stretch]
    assert all(stretches)
    assert all(map(math.isfinite, (coordinate for point in flat for coordinate in point)))
    assert [time_s for time_s, _ in flat] == sorted(time_s for time_s, _ in flat)
    assert len(flat) == sum(math.isfinite(time_s) and math.isfinite(value) for time_s, value in points)


def test_a_missing_value_splits_the_line() -> None:
    assert runs([(0, 1), (1, 2), (2, math.nan), (3, 4)]) == [[(0, 1), (1, 2)], [(3, 4)]]


@given(spans=SPANS, lanes=st.integers(min_value=1, max_value=9))
def test_labels_in_one_lane_never_touch(spans: list[tuple[float, float]], lanes: int) -> None:
    places = stagger(spans, lanes=lanes)
    assert len(places) == len(spans)
    for lane in range(lanes):
        taken = sorted(span for span, place in zip(spans, places, strict=True) if place == lane)
        assert all(first[1] + 6 <= second[0] for first, second in pairwise(taken))


def test_a_label_without_room_is_left_out_and_the_first_ones_go_down_like_stairs() -> None:
    assert stagger([(0, 100), (10, 110), (20, 120), (300, 400)], lanes=2) == [0, 1, None, 0]


@given(spans=SPANS, gap=st.floats(min_value=0, max_value=50))
def test_merged_spans_lie_apart_and_cover_the_same(spans: list[tuple[float, float]], gap: float) -> None:
    joined = merged(spans, gap=gap)
    assert all(second[0] - first[1] >= gap for first, second in pairwise(joined))
    assert all(any(low <= start and end <= high for low, high in joined) for start, end in spans)


@given(value=ANY, low=AMOUNTS, length=st.floats(min_value=0, max_value=1e9))
def test_a_scale_stays_on_the_paper(value: float, low: float, length: float) -> None:
    scale = Scale(low=low, high=low + length, start=100, end=500)
    assert math.isnan(value) or 100 <= scale(value) <= 500


@given(text=st.text(max_size=80), width=st.floats(min_value=10, max_value=600), keep_end=st.booleans())
def test_shortened_text_fits_or_is_one_character(text: str, width: float, keep_end: bool) -> None:
    cut = shortened(text, width=width, size=12, keep_end=keep_end)
    assert cut == text or "…" in cut
    assert len(cut) <= 1 or text_width(cut, size=12) <= width


def test_partitions_keep_their_number_when_shortened() -> None:
    assert shortened("__consumer_offsets-49", width=70, size=12, keep_end=True) == "…ffsets-49"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (1234567, "1\u202f234\u202f567"), (41.7, "41.7"), (0.061, "0.061"), (1e-7, "1e-07"), (-3.0, "-3")],
)
def test_numbers_are_short(value: float, written: str) -> None:
    assert number(value) == written


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"])))
def test_svg_escapes_whatever_is_written(text: str) -> None:
    drawing = svg(node("text", text=text, stroke_width=1.25), width=10, height=10, label=text, class_="chart")
    read = ElementTree.fromstring(drawing)
    assert (read[0].text or "") == text
    assert read[0].get("stroke-width") == "1.2"


def test_paths_are_relative_and_do_not_drift() -> None:
    assert line_path([(1.04, 2), (1.08, 2), (10, 20.5)]) == "M1,2l0.1,0l8.9,18.5"
    assert line_path([]) == ""


@given(low=st.floats(min_value=-1, max_value=1e9), high=st.floats(min_value=-1, max_value=1e9))
def test_ticks_of_a_logarithmic_axis_are_above_zero_grow_and_cover_what_there_is(low: float, high: float) -> None:
    low, high = sorted((low, high))
    values = [tick.value for tick in log_ticks(low, high)]
    assert values == sorted(set(values))
    assert 2 <= len(values) <= 9
    assert values[0] > 0
    if high >= 1e-9:  # what is less is nothing on any axis
        assert values[-1] >= high * (1 - 1e-9)
        if low > high / 1e6:
            assert values[0] <= low * (1 + 1e-9)


def test_ticks_of_a_logarithmic_axis_are_powers_of_ten_or_few_and_round() -> None:
    assert [tick.label for tick in log_ticks(3, 900)] == ["1", "10", "100", "1\u202f000"]
    assert [tick.label for tick in log_ticks(30, 400)] == ["20", "50", "100", "200", "500"]
