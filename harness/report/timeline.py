"""The timeline of one clause: outage windows as bars and series as lines, under the events that explain them.

Each timeline is drawn twice, for wide and for narrow screens, because text in a picture that is merely scaled
down cannot be read on a telephone; the page shows the one that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol
from xml.etree.ElementTree import Element

from harness.charts import (
    LogScale,
    Scale,
    Tick,
    bounds,
    downsample,
    line_path,
    log_ticks,
    merged,
    node,
    runs,
    shortened,
    text_width,
    value_ticks,
)
from harness.evidence import Evidence, Series, Window
from harness.report.canvas import LAYOUTS, SIZE, Block, Layout, picture, text
from harness.report.figures import plural, seconds
from harness.services import Service

_ROW = 18.0
_ROWS_SHOWN = 12
_PANEL = 84.0
_LINES_PER_PANEL = 4
_PIXELS_PER_BUCKET = 3


class Axis(Protocol):
    """Gives the ticks and the scale of a panel whose values lie between two ends."""

    def __call__(self, low: float, high: float, *, start: float, end: float) -> tuple[list[Tick], Scale | LogScale]: ...


@dataclass(frozen=True, kw_only=True)
class Row:
    """The windows of one operation class on one partition, the longest first."""

    key: str
    windows: Sequence[Window]

    @property
    def longest(self) -> Window:
        return self.windows[0]


def worst_window(evidence: Evidence) -> Window | None:
    """Return the window that took most of its budget, or None when there is none; one without a budget took none."""
    budgets = budgets_s(evidence)
    return max(
        evidence.windows,
        key=lambda window: (window.length_s / budgets.get(window.operation, float("inf")), window.length_s),
        default=None,
    )


def budgets_s(evidence: Evidence) -> dict[str, float]:
    """Return the limit for the windows of each operation class, where a judgement gives one as `budget_s`.

    A judgement that names no operation is of the one that every clause with traffic judges.
    """
    return {
        str(judgement.measured.get("operation", Service.PRODUCE.value)): float(budget)
        for judgement in reversed(evidence.judgements)
        if isinstance(budget := judgement.measured.get("budget_s"), int | float) and budget > 0
    }


def clause_timeline(evidence: Evidence, *, zero_s: float, label: str) -> list[str]:
    """Draw all that has a time, for each layout; nothing when there is nothing to draw."""
    moments = [event.time_s for event in evidence.events]
    moments += [moment for window in evidence.windows for moment in (window.start_s, window.end_s)]
    moments += [time_s for series in evidence.series for time_s, _ in series.points]
    extent = bounds(moments)
    if extent is None:
        return []
    padding_s = max(0.5, (extent[1] - extent[0]) * 0.02)
    low_s, high_s = max(0.0, extent[0] - padding_s), extent[1] + padding_s
    drawings = []
    for layout in LAYOUTS:
        scale = layout.scale(low_s, high_s)
        blocks = [*_window_blocks(evidence, layout, scale), *panels(evidence.series, layout, scale)]
        drawings.append(
            picture(layout=layout, scale=scale, events=evidence.events, blocks=blocks, zero_s=zero_s, label=label)
        )
    return drawings


def _window_blocks(evidence: Evidence, layout: Layout, scale: Scale) -> list[Block]:
    """Make one block for each operation class: its partitions as rows, the longest of its windows labelled."""
    budgets = budgets_s(evidence)
    ordered = sorted(evidence.windows, key=lambda window: (window.operation, window.key))
    return [
        _rows_block(_rows(list(group)), budget=budgets.get(operation), layout=layout, scale=scale)
        for operation, group in groupby(ordered, key=lambda window: window.operation)
    ]


def _rows(windows: Sequence[Window]) -> list[Row]:
    return [
        Row(key=key, windows=sorted(group, key=lambda window: -window.length_s))
        for key, group in groupby(windows, key=lambda window: window.key)
    ]


def _rows_block(rows: Sequence[Row], *, budget: float | None, layout: Layout, scale: Scale) -> Block:
    by_length = sorted(rows, key=lambda row: -row.longest.length_s)
    worst = by_length[0].longest
    shown, left_out = by_length[:_ROWS_SHOWN], by_length[_ROWS_SHOWN:]
    shown.sort(key=lambda row: _natural(row.key))
    nodes = [text(f"no success of: {worst.operation}", x=layout.left, y=14, class_="title halo")]
    y = 20.0
    for row in shown:
        nodes += _row_nodes(row, y=y, worst=worst, budget=budget, layout=layout, scale=scale)
        y += _ROW
    if left_out:
        note = f"and {plural(len(left_out), 'more partition')}, none above {seconds(left_out[0].longest.length_s)}"
        nodes.append(text(note, x=layout.left, y=y + 13, class_="tick halo"))
        y += _ROW
    return Block(nodes=nodes, height=y + 8)


def _row_nodes(
    row: Row, *, y: float, worst: Window, budget: float | None, layout: Layout, scale: Scale
) -> list[Element]:
    is_worst = row.longest is worst
    name = shortened(row.key, width=layout.left - 10, size=SIZE, keep_end=True)
    nodes = [
        node("line", class_="grid", x1=layout.left, x2=layout.end, y1=y + _ROW / 2, y2=y + _ROW / 2),
        text(name, x=layout.left - 8, y=y + 13, class_="name", anchor="end"),
        *_bars(row, y=y, scale=scale, class_="bar"),
    ]
    words = [seconds(row.longest.length_s)]
    right_of = scale(row.longest.end_s)
    if is_worst:
        nodes += _bars(Row(key=row.key, windows=row.windows[:1]), y=y, scale=scale, class_="bar worst")
        words.insert(0, f"worst: {words[0]}")
        if budget is not None:
            limit = scale(row.longest.start_s + budget)
            nodes.append(node("path", class_="budget", d=f"M{limit:.1f},{y + 1:.0f}v{_ROW - 2:.0f}"))
            words.insert(0, f"{words[0]} of {seconds(budget)} allowed")
            right_of = max(right_of, limit)
    place = _beside(words, left_of=scale(row.longest.start_s), right_of=right_of, layout=layout)
    class_ = "length worst halo" if is_worst else "length halo"
    return [*nodes, text(place.words, x=place.x, y=y + 13, class_=class_, anchor=place.anchor)]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Words and where they stand."""

    words: str
    x: float
    anchor: str


def _beside(choices: Sequence[str], *, left_of: float, right_of: float, layout: Layout) -> Place:
    """Place the first of the choices that has room right or left of a bar; the last one over its end if none has."""
    for words in choices:
        width = text_width(words, size=SIZE) + 6
        if right_of + width <= layout.width:
            return Place(words=words, x=right_of + 6, anchor="start")
        if left_of - width >= layout.left:
            return Place(words=words, x=left_of - 6, anchor="end")
    return Place(words=choices[-1], x=layout.end - 4, anchor="end")


def _bars(row: Row, *, y: float, scale: Scale, class_: str) -> list[Element]:
    spans = merged(((scale(window.start_s), scale(window.end_s)) for window in row.windows), gap=0.5)
    longest = row.longest
    tooltip = f"{row.key}, {longest.operation}: longest {seconds(longest.length_s)}"
    return [
        node(
            "rect", node("title", text=tooltip), x=start, y=y + 4, width=max(1.5, end - start), height=10, class_=class_
        )
        for start, end in spans
    ]


def panels(
    series: Sequence[Series], layout: Layout, scale: Scale, *, logarithmic: frozenset[str] = frozenset()
) -> list[Block]:
    """Make one panel for each unit, because lines on one axis must be comparable; at most four lines in each.

    Units that are named `logarithmic` get such an axis: what is a thousand times as much must not hide the rest.
    """
    made = []
    for unit in dict.fromkeys(one.unit for one in series):
        same = [one for one in series if one.unit == unit]
        for first in range(0, len(same), _LINES_PER_PANEL):
            some = same[first : first + _LINES_PER_PANEL]
            axis = _log_axis if unit in logarithmic else _straight_axis
            made.append(_panel(some, unit=unit, layout=layout, scale=scale, axis=axis))
    return made


def _straight_axis(low: float, high: float, *, start: float, end: float) -> tuple[list[Tick], Scale | LogScale]:
    marks = value_ticks(min(0.0, low), high)
    return marks, Scale(low=marks[0].value, high=marks[-1].value, start=start, end=end)


def _log_axis(low: float, high: float, *, start: float, end: float) -> tuple[list[Tick], Scale | LogScale]:
    marks = log_ticks(low, high)
    return marks, LogScale(low=marks[0].value, high=marks[-1].value, start=start, end=end)


def _panel(series: Sequence[Series], *, unit: str, layout: Layout, scale: Scale, axis: Axis) -> Block:
    key = legend([one.name for one in series], unit=unit, layout=layout)
    extent = bounds(value for one in series for _, value in one.points)
    if extent is None:
        empty = text("no data", x=layout.left, y=key.height + 12, class_="tick")
        return Block(nodes=[*key.nodes, empty], height=key.height + 24)
    marks, up = axis(*extent, start=key.height + _PANEL, end=key.height + 6)
    nodes = list(key.nodes)
    for mark in marks:
        y = up(mark.value)
        nodes.append(node("line", class_="grid", x1=layout.left, x2=layout.end, y1=y, y2=y))
        nodes.append(text(mark.label, x=layout.left - 8, y=y + 4, class_="tick", anchor="end"))
    for index, one in enumerate(series):
        nodes.append(node("path", class_=f"line s{index}", d=_line(one, scale=scale, up=up)))
    return Block(nodes=nodes, height=key.height + _PANEL + 12)


def _line(series: Series, *, scale: Scale, up: Scale | LogScale) -> str:
    """Return the path of a series, each stretch downsampled to its share of the pixels."""
    paths = []
    for points in runs(series.points):
        width = scale(points[-1][0]) - scale(points[0][0])
        kept = downsample(points, buckets=max(1, int(width / _PIXELS_PER_BUCKET)))
        paths.append(line_path([(scale(time_s), up(value)) for time_s, value in kept]))
    return "".join(paths)


def legend(names: Sequence[str], *, unit: str, layout: Layout) -> Block:
    """Name the lines of a panel, each with a sample of its stroke; names that find no room go on the next line."""
    nodes = [
        text(shortened(unit, width=layout.left - 10, size=SIZE), x=layout.left - 8, y=14, class_="unit", anchor="end")
    ]
    x, y = layout.left, 14.0
    for index, name in enumerate(names):
        words = shortened(name, width=layout.end - layout.left - 30, size=SIZE)
        width = 30 + text_width(words, size=SIZE)
        if x > layout.left and x + width > layout.end:
            x, y = layout.left, y + 16
        nodes.append(node("line", class_=f"line s{index}", x1=x, x2=x + 22, y1=y - 4, y2=y - 4))
        nodes.append(text(words, x=x + 27, y=y, class_="title halo"))
        x += width + 14
    return Block(nodes=nodes, height=y + 4)


def _natural(key: str) -> tuple[str, int]:
    """Order partitions as people count: orders-2 before orders-10."""
    topic, _, partition = key.rpartition("-")
    return (topic, int(partition)) if partition.isdecimal() else (key, -1)
