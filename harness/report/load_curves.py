"""The curves of a load: how its latencies are distributed, and what becomes of them as the rate grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, log10
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from harness.charts import (
    LogScale,
    Scale,
    Tick,
    bounds,
    line_path,
    log_ticks,
    node,
    number,
    svg,
    text_width,
    value_ticks,
)
from harness.measuring.histogram import Histogram
from harness.measuring.recorded import Recorded, Tried
from harness.report.canvas import LAYOUTS, SIZE, Block, Layout, text
from harness.report.timeline import legend
from harness.report.words import VERDICTS
from harness.verdict import Verdict

_CURVE = 220.0
_PANEL = 130.0
_POINTS = 160
_NINES = (
    (0.0, "0"),
    (50.0, "50 %"),
    (90.0, "90 %"),
    (99.0, "99 %"),
    (99.9, "99.9 %"),
    (99.99, "99.99 %"),
    (99.999, "99.999 %"),
)
_FIRST = 0.05
"""Nines from which on the axis has room for the values: the least of all would take a decade of its own."""
_DECADES = 5.0
_CROSS = "M{x:.1f},{y:.1f}m-4,-4l8,8m0,-8l-8,8"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The distribution of one kind of latency in one trial."""

    name: str
    values: Histogram


def curves_of(run: Recorded) -> list[Curve]:
    """Return the latencies of the last trial that was carried and, if another one came before it, of the confirmed."""
    carried = [tried for tried in run.trials if tried.is_carried and tried.latency.count]
    chosen = [one for one in carried if one.content["purpose"] == "confirm"][-1:]
    chosen = [*chosen, *(one for one in carried[-1:] if one not in chosen)]
    made = []
    for tried in chosen:
        where = f"{number(round(tried.rate_hz))}/s ({tried.content['purpose']})"
        made.append(Curve(name=f"produce at {where}", values=tried.latency))
        if tried.end_to_end.count:
            made.append(Curve(name=f"end to end at {where}", values=tried.end_to_end))
    return made


def percentile_chart(curves: Sequence[Curve]) -> list[str]:
    """Draw latency against percentile, each further nine as far as the one before; nothing without a value."""
    if not curves:
        return []
    lines = [_percentiles(curve.values) for curve in curves]
    shown = [y for line in lines for x, y in line if x >= _FIRST]
    marks = log_ticks(min(shown), max(shown))
    most = min(_DECADES, max(x for line in lines for x, _ in line))
    label = "Latency by percentile: " + "; ".join(
        f"{curve.name} p50 {number(curve.values.percentile_ms(50))} ms, p99 {number(curve.values.percentile_ms(99))} ms"
        for curve in curves
    )
    return [_percentile_drawing(curves, lines, marks, most=most, layout=layout, label=label) for layout in LAYOUTS]


def _percentiles(values: Histogram) -> list[tuple[float, float]]:
    """Return (how many nines, milliseconds), up to where a single value is left."""
    found = list(values.items())
    counted = np.cumsum([count for _, count in found]) / values.count
    nines = np.linspace(0, min(_DECADES, max(1.0, log10(values.count))), _POINTS)
    places = np.minimum(np.searchsorted(counted, 1 - 10**-nines), len(found) - 1)
    return [(float(x), max(found[place][0], 1) / 1000) for x, place in zip(nines, places, strict=True)]


def _percentile_drawing(
    curves: Sequence[Curve],
    lines: Sequence[Sequence[tuple[float, float]]],
    marks: Sequence[Tick],
    *,
    most: float,
    layout: Layout,
    label: str,
) -> str:
    key = legend([curve.name for curve in curves], unit="ms", layout=layout)
    bottom = key.height + _CURVE
    along = Scale(low=0, high=most, start=layout.left, end=layout.end)
    up = LogScale(low=marks[0].value, high=marks[-1].value, start=bottom, end=key.height + 6)
    nines = [Tick(value=-log10(1 - share / 100), label=words) for share, words in _NINES]
    return svg(
        *_rows(marks, up, layout),
        *_columns(
            [tick for tick in nines if tick.value <= most + 1e-9], along, top=key.height, bottom=bottom, layout=layout
        ),
        *(
            node("path", class_=f"line s{index}", d=line_path((along(x), up(y)) for x, y in line))
            for index, line in enumerate(lines)
        ),
        *key.nodes,
        width=layout.width,
        height=bottom + 24,
        label=label,
        class_=layout.class_,
    )


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One trial in a panel: at which rate, which value, and what became of it."""

    rate_hz: float
    value: float
    verdict: Verdict
    tooltip: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Spots over rates on one axis, a limit across them, and a line that a model foretells."""

    title: str
    unit: str
    spots: Sequence[Spot]
    limit: float | None = None
    limit_words: str = ""
    model: Callable[[float], float] | None = None
    is_log: bool = False


def capacity_chart(run: Recorded) -> list[str]:
    """Draw latency, throttling and CPU against the rate, with the knee; nothing before a trial was judged."""
    judged = [tried for tried in run.trials if not tried.is_warm_up and tried.rate_hz > 0]
    if not judged:
        return []
    most_hz = max(tried.rate_hz for tried in judged) * 1.05
    label = f"Capacity: p99 latency, throttling and CPU of {len(judged)} trials against their rates{_knee_words(run)}"
    drawings = []
    for layout in LAYOUTS:
        along = Scale(
            low=0, high=value_ticks(0, most_hz, about=layout.ticks)[-1].value, start=layout.left, end=layout.end
        )
        blocks = [_drawn(panel, along, layout) for panel in _panels(run, judged)]
        drawings.append(_stacked(run, blocks, along, layout, label=label))
    return drawings


def _knee_words(run: Recorded) -> str:
    knee = run.content["knee"]
    return f"; the knee is at {number(round(knee['records_per_s']))} records/s" if knee else "; no knee was found"


def _panels(run: Recorded, judged: Sequence[Tried]) -> Iterator[Panel]:
    content = run.content
    objectives, model = content["profile"]["objectives"], content["cpu_model"]
    yield Panel(
        title="produce latency, p99",
        unit="ms",
        spots=list(_spots(judged, lambda trial: (trial["produce_ms"] or {}).get("p99"), "ms p99")),
        limit=objectives["produce_p99_ms"],
        limit_words="objective",
        is_log=True,
    )
    yield Panel(
        title="throttled periods, worst broker",
        unit="%",
        spots=list(_spots(judged, lambda trial: _most(trial["broker_throttled_ratio"], 100), "% throttled")),
        limit=100 * objectives["throttled_ratio"],
        limit_words="objective",
    )
    yield Panel(
        title="CPU of the busiest broker" + ("; line: model" if model else ""),
        unit="cores",
        spots=list(_spots(judged, lambda trial: _most(trial["broker_cpu_cores"], 1), "cores")),
        limit=model["quota_cores"] if model else None,
        limit_words="limit",
        model=_model(model, value_bytes=content["profile"]["traffic"]["records"]["value_bytes"]) if model else None,
    )


def _most(by_pod: dict[str, float], factor: float) -> float | None:
    return max(by_pod.values()) * factor if by_pod else None


def _model(model: dict[str, Any], *, value_bytes: int) -> Callable[[float], float]:
    each = model["cores_per_mb_s"] * value_bytes / 1e6 + (model["cores_per_1000_records"] or 0.0) / 1000
    return lambda rate_hz: float(model["base_cores"] + each * rate_hz)


def _spots(judged: Sequence[Tried], of: Callable[[Any], float | None], unit: str) -> Iterator[Spot]:
    for tried in judged:
        value = of(tried.content)
        if value is not None and isfinite(value):
            verdict = Verdict(tried.content["verdict"])
            said = f"{tried.content['purpose']}, {number(round(tried.rate_hz))} records/s: {number(value)} {unit}"
            tooltip = f"{said}, {VERDICTS[verdict].name}"
            yield Spot(rate_hz=tried.rate_hz, value=value, verdict=verdict, tooltip=tooltip)


def _drawn(panel: Panel, along: Scale, layout: Layout) -> Block:
    """Draw one panel from its own top."""
    head = [
        text(panel.unit, x=layout.left - 8, y=14, class_="unit", anchor="end"),
        text(panel.title, x=layout.left, y=14, class_="title halo"),
    ]
    extent = bounds([*(spot.value for spot in panel.spots), *([panel.limit] if panel.limit is not None else [])])
    if extent is None or not panel.spots:
        return Block(nodes=[*head, text("no data", x=layout.left, y=32, class_="tick")], height=44)
    marks = log_ticks(*extent) if panel.is_log else value_ticks(min(0.0, extent[0]), extent[1])
    kind = LogScale if panel.is_log else Scale
    up = kind(low=marks[0].value, high=marks[-1].value, start=18 + _PANEL, end=26)
    nodes = [*head, *_rows(marks, up, layout)]
    if panel.limit is not None:
        y = up(panel.limit)
        nodes.append(node("line", class_="limit", x1=layout.left, x2=layout.end, y1=y, y2=y))
        words = f"{panel.limit_words} {number(panel.limit)} {panel.unit}"
        nodes.append(text(words, x=layout.left + 4, y=y - 4, class_="tick halo"))
    if panel.model is not None:
        nodes.append(node("path", class_="line s0", d=line_path(_model_line(panel.model, along, up, marks))))
    nodes += [_spot(spot, x=along(spot.rate_hz), y=up(spot.value)) for spot in panel.spots]
    return Block(nodes=nodes, height=18 + _PANEL + 12)


def _model_line(
    model: Callable[[float], float], along: Scale, up: Scale | LogScale, marks: Sequence[Tick]
) -> Iterator[tuple[float, float]]:
    """Give the straight line as far as it stays within the panel."""
    for step in range(_POINTS + 1):
        rate_hz = along.high * step / _POINTS
        if marks[0].value <= model(rate_hz) <= marks[-1].value:
            yield along(rate_hz), up(model(rate_hz))


def _spot(spot: Spot, *, x: float, y: float) -> Element:
    """Draw one trial; the shape says what the colour says."""
    shape = {
        Verdict.PASS: node("circle", cx=x, cy=y, r=4),
        Verdict.FAIL: node("path", class_="cross", d=_CROSS.format(x=x, y=y)),
        Verdict.INCONCLUSIVE: node("rect", class_="open", x=x - 3.5, y=y - 3.5, width=7, height=7),
    }[spot.verdict]
    return node("g", node("title", text=spot.tooltip), shape, class_=f"spot {VERDICTS[spot.verdict].class_}")


def _stacked(run: Recorded, blocks: Sequence[Block], along: Scale, layout: Layout, *, label: str) -> str:
    top, placed, bottom = 38.0, [], 38.0
    for block in blocks:
        placed.append(node("g", *block.nodes, transform=f"translate(0 {bottom:.0f})"))
        bottom += block.height
    rates = value_ticks(0, along.high, about=layout.ticks)
    return svg(
        *_knee(run, along, top=top, bottom=bottom, layout=layout),
        *placed,
        *_columns(rates, along, top=bottom - 4, bottom=bottom, layout=layout),
        text("records/s", x=layout.left - 8, y=bottom + 18, class_="unit", anchor="end"),
        width=layout.width,
        height=bottom + 24,
        label=label,
        class_=layout.class_,
    )


def _knee(run: Recorded, along: Scale, *, top: float, bottom: float, layout: Layout) -> Iterator[Element]:
    """Give the knee as a line, and what the repeats leave open as a band; an end beyond the chart is cut off."""
    knee, expected_hz = run.content["knee"], run.content["expected_records_per_s"]
    named = [(expected_hz, "expected", "expected")] if expected_hz else []
    if knee:
        low, high = along(max(0.0, knee["low"])), along(knee["high"])
        yield node("rect", class_="knee-band", x=low, y=top, width=max(1.0, high - low), height=bottom - top)
        named.append((knee["records_per_s"], "knee", "knee"))
    for lane, (rate_hz, words, class_) in enumerate(named):
        x = along(rate_hz)
        yield node("line", class_=class_, x1=x, x2=x, y1=16 * lane + 4, y2=bottom)
        is_right = x > layout.end - 110
        said = f"{words} {number(round(rate_hz))}"
        anchor = "end" if is_right else "start"
        yield text(said, x=x - 5 if is_right else x + 5, y=16 * lane + 14, class_="title halo", anchor=anchor)


def _rows(marks: Iterable[Tick], up: Scale | LogScale, layout: Layout) -> Iterator[Element]:
    for mark in marks:
        y = up(mark.value)
        yield node("line", class_="grid", x1=layout.left, x2=layout.end, y1=y, y2=y)
        yield text(mark.label, x=layout.left - 8, y=y + 4, class_="tick", anchor="end")


def _columns(marks: Iterable[Tick], along: Scale, *, top: float, bottom: float, layout: Layout) -> Iterator[Element]:
    """Give the grid of an axis; a label that would touch the one before is left out, its line is not."""
    taken = -inf
    for mark in marks:
        x, half = along(mark.value), text_width(mark.label, size=SIZE) / 2 + 3
        yield node("line", class_="grid", x1=x, x2=x, y1=top, y2=bottom + 4)
        middle = min(x, layout.width - half)
        if middle - half >= taken:
            yield text(mark.label, x=middle, y=bottom + 18, class_="tick", anchor="middle")
            taken = middle + half
