"""Parts of charts: round ticks, scales, downsampling, label places and SVG nodes, all pure functions.

Nothing here knows what is drawn. Colours are CSS classes of the page that the SVG is put into, so one chart
serves light, dark and paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from xml.etree import ElementTree

Point = tuple[float, float]

_LARGEST = 1e15
_GLYPH_WIDTH = 0.56
_SIZES = ((10**9, "G"), (10**6, "M"), (10**3, "k"))
_SUBSECOND_STEPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_TIME_STEPS_S = (
    *_SUBSECOND_STEPS_S,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    43200,
    86400,
)


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A place on an axis and what is written there."""

    value: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A straight map from the values low..high to the pixels start..end; values outside are held at the ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))


@dataclass(frozen=True, kw_only=True)
class LogScale:
    """A map from the logarithms of low..high, both above zero, to pixels; values outside are held at the ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        straight = Scale(low=math.log10(self.low), high=math.log10(self.high), start=self.start, end=self.end)
        return straight(math.log10(max(value, self.low)))


def bounds(values: Iterable[float]) -> tuple[float, float] | None:
    """Return the least and the greatest finite value, or None when there is none."""
    finite = [value for value in values if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else None


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return about this many round values (1, 2 or 5 times a power of ten apart) that cover low..high.

    The first is at most `low`, the last at least `high`. A range without width, or too narrow for its own
    magnitude to show, is widened first, so that there are always two ticks or more.
    """
    low, high = _drawable(low, high)
    multiple, exponent = _round_step((high - low) / max(1, about))
    step = Decimal(multiple).scaleb(exponent)
    first, last = math.floor(Decimal(low) / step), math.ceil(Decimal(high) / step)
    return [float(step * index) for index in range(first, last + 1)]


def number(value: float) -> str:
    """Write a number shortly: thin spaces between thousands, four decimals at most, no trailing zeros."""
    if not math.isfinite(value):
        return "not a number"
    if abs(value) >= _LARGEST or 0 < abs(value) < 1e-4:
        return f"{value:.3g}"
    decimals = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 4
    text = f"{value:,.{decimals}f}".replace(",", "\u202f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_ticks(low: float, high: float, *, about: int = 3) -> list[Tick]:
    """Return the ticks of a value axis, written exactly; thousands become k, millions M, milliards G."""
    values = ticks(low, high, about=about)
    largest = max(map(abs, values))
    size, suffix = next(((size, suffix) for size, suffix in _SIZES if largest >= 10 * size), (1, ""))
    return [Tick(value=value, label=_exact(value, size=size) + (suffix if value else "")) for value in values]


def log_ticks(low: float, high: float) -> list[Tick]:
    """Return ticks of a logarithmic axis that cover low..high, at most six decades of it from the top.

    They are powers of ten, with 2 and 5 times them between where there are few.
    """
    high = high if 1e-9 <= high < _LARGEST else 1.0
    low = min(high, max(low if low > 0 else high, high / 1e6))
    multiples = (1, 2, 5) if high / low <= 30 else (1,)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1
    values = [float(Decimal(multiple).scaleb(power)) for power in range(first, last + 1) for multiple in multiples]
    start = max(index for index, value in enumerate(values) if value <= low * (1 + 1e-9) or index == 0)
    end = next(index for index, value in enumerate(values) if value >= high * (1 - 1e-9))
    kept = values[start : max(end, start + 1) + 1]
    return [Tick(value=value, label=number(value)) for value in kept]


def time_ticks(low_s: float, high_s: float, *, about: int = 8) -> list[Tick]:
    """Return ticks of a time axis inside low..high, at steps that people count time in."""
    low_s, high_s = _drawable(low_s, high_s)
    rough_s = (high_s - low_s) / max(1, about)
    step_s = next((step for step in _TIME_STEPS_S if step >= rough_s), 86400 * math.ceil(rough_s / 86400))
    size_s, unit = next(((size, unit) for size, unit in ((3600, "h"), (60, "min")) if step_s >= size), (1, "s"))
    indices = range(math.ceil(low_s / step_s - 1e-9), math.floor(high_s / step_s + 1e-9) + 1)
    values = [float(Decimal(str(step_s)) * index) for index in indices]
    return [Tick(value=value, label=f"{_exact(value, size=size_s)} {unit}") for value in values]


def runs(points: Sequence[Point]) -> list[list[Point]]:
    """Split points at values that are not finite: a gap in the data is a gap in the line, never a straight stroke."""
    ordered = sorted((point for point in points if math.isfinite(point[0])), key=lambda point: point[0])
    grouped = groupby(ordered, key=lambda point: math.isfinite(point[1]))
    return [list(group) for is_finite, group in grouped if is_finite]


def downsample(points: Sequence[Point], *, buckets: int) -> list[Point]:
    """Keep the lowest and the highest point of each of `buckets` equal stretches of time, and both ends.

    A mean would hide exactly the spike that a person looks for. The points must be finite and in order of time.
    """
    if len(points) <= 2 * buckets:
        return list(points)
    scale = Scale(low=points[0][0], high=points[-1][0], start=0, end=buckets)
    kept = {0, len(points) - 1}
    for _, group in groupby(range(len(points)), key=lambda index: min(buckets - 1, int(scale(points[index][0])))):
        indices = list(group)
        kept.add(min(indices, key=lambda index: points[index][1]))
        kept.add(max(indices, key=lambda index: points[index][1]))
    return [points[index] for index in sorted(kept)]


def merged(spans: Iterable[tuple[float, float]], *, gap: float) -> list[tuple[float, float]]:
    """Join spans that overlap or lie closer than `gap`: what a screen cannot show apart is drawn once."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def stagger(spans: Sequence[tuple[float, float]], *, lanes: int, gap: float = 6) -> list[int | None]:
    """Give each label (start, end) a lane such that no two in one lane touch; None when all lanes are taken.

    Lanes are filled in order of the spans' starts; each label goes one lane below the lowest that still reaches
    its start, if there is one, so that a line from a label down to the chart crosses no label under it.
    """
    ends = [-math.inf] * lanes
    places: list[int | None] = [None] * len(spans)
    for index in sorted(range(len(spans)), key=lambda index: spans[index]):
        start, end = spans[index]
        busy = [lane for lane in range(lanes) if ends[lane] + gap > start]
        below = busy[-1] + 1 if busy else 0
        lane = below if below < lanes else next((free for free in range(lanes) if free not in busy), None)
        places[index] = lane
        if lane is not None:
            ends[lane] = end
    return places


def text_width(text: str, *, size: float) -> float:
    """Estimate, rather too wide than too narrow, how many pixels a text takes in a proportional font."""
    return len(text) * size * _GLYPH_WIDTH


def shortened(text: str, *, width: float, size: float, keep_end: bool = False) -> str:
    """Cut a text to a width with an ellipsis: at its end, or at its start where the end tells things apart."""
    room = max(1, int(width / (size * _GLYPH_WIDTH)))
    if len(text) <= room:
        return text
    return "…" + text[len(text) - room + 1 :] if keep_end else text[: room - 1].rstrip() + "…"


def node(tag: str, *children: ElementTree.Element, text: str = "", **attributes: object) -> ElementTree.Element:
    """Make an SVG element; `class_` and `stroke_width` become class and stroke-width, floats get one decimal."""
    element = ElementTree.Element(tag, {_name(name): _value(value) for name, value in attributes.items()})
    element.text = text or None
    element.extend(children)
    return element


def line_path(points: Iterable[Point]) -> str:
    """Write pixels as the data of an SVG path, relative to each other because that is half as long."""
    tenths = [(round(10 * x), round(10 * y)) for x, y in points]
    if not tenths:
        return ""
    steps = ((x - x0, y - y0) for (x0, y0), (x, y) in pairwise(tenths))
    commands = [("M", *tenths[0]), *(("l", x, y) for x, y in steps)]
    return "".join(f"{command}{x / 10:g},{y / 10:g}" for command, x, y in commands)


def svg(*children: ElementTree.Element, width: float, height: float, label: str, class_: str) -> str:
    """Return a drawing as text; `label` is what a screen reader says in its place."""
    picture = node("svg", *children, viewBox=f"0 0 {width:g} {height:.0f}", class_=class_, role="img")
    picture.set("aria-label", label)
    return ElementTree.tostring(picture, encoding="unicode")


def _drawable(low: float, high: float) -> tuple[float, float]:
    """Return a finite range that is wide enough for its magnitude; 0 to 1 when there is nothing to go by."""
    low, high = sorted(min(_LARGEST, max(-_LARGEST, value)) if math.isfinite(value) else 0.0 for value in (low, high))
    if high - low > 1e-9 * max(abs(low), abs(high), 1e-9):
        return low, high
    if max(abs(low), abs(high)) < 1e-9:
        return min(0.0, low), 1.0
    return (low, high + abs(high) / 2) if low > 0 else (low - abs(low) / 2, high)


def _round_step(rough: float) -> tuple[int, int]:
    """Return (m, k) with m in 1, 2, 5 such that m * 10**k is the least such step at or above `rough`."""
    exponent = math.floor(math.log10(rough))
    for multiple in (1, 2, 5):
        if multiple * 10.0**exponent >= rough * (1 - 1e-9):
            return multiple, exponent
    return 1, exponent + 1


def _exact(value: float, *, size: int) -> str:
    """Write value / size without rounding, so that two ticks never read the same."""
    return f"{(Decimal(repr(value)) / size).normalize():f}" if value else "0"


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
