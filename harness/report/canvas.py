"""What every timeline shares: two layouts, blocks that are stacked, one time axis and labelled event lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.etree.ElementTree import Element

from harness.charts import Scale, node, shortened, stagger, svg, text_width, time_ticks
from harness.evidence import Event

SIZE = 12.0
_LANE = 18.0
_TEXT_AT = 9.0
_SAME_PLACE = 8.0
_STYLES = {"fault": "fault", "healed": "healed", "isr-full": "healed"}
_MARKS = {"fault": "0,7 -4.5,-1 4.5,-1", "healed": "0,-2 -4.5,6 4.5,6", "moment": "0,-2 4,2.5 0,7 -4,2.5"}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Measures of one drawing in pixels; `ticks` is about how many ticks the time axis has.

    A label right of its line is cut to the room there, unless that is below `least_label`: then it goes left.
    """

    width: float
    left: float
    right: float
    ticks: int
    lanes: int
    longest_label: float
    least_label: float
    class_: str

    @property
    def end(self) -> float:
        return self.width - self.right

    def scale(self, low_s: float, high_s: float) -> Scale:
        return Scale(low=low_s, high=high_s, start=self.left, end=self.end)


WIDE = Layout(width=1000, left=140, right=16, ticks=9, lanes=7, longest_label=400, least_label=190, class_="chart wide")
NARROW = Layout(
    width=380, left=92, right=12, ticks=4, lanes=9, longest_label=200, least_label=130, class_="chart narrow"
)
LAYOUTS = (WIDE, NARROW)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some nodes, drawn from their own top at 0, and the height that they need."""

    nodes: Sequence[Element]
    height: float


@dataclass(frozen=True, kw_only=True)
class Label:
    """Events of one kind at one place of the picture, and what is written at their line."""

    x: float
    kind: str
    words: str
    tooltip: str

    @property
    def style(self) -> str:
        return _STYLES.get(self.kind, "moment")


def picture(
    *, layout: Layout, scale: Scale, events: Sequence[Event], blocks: Iterable[Block], zero_s: float, label: str
) -> str:
    """Draw labelled event lines, the blocks under each other, and below them the axis, which counts from `zero_s`."""
    labels, places = _placed(events, layout=layout, scale=scale)
    top = _LANE * (1 + max((lane for lane in places if lane is not None), default=-1)) + 6
    stacked, bottom = [], top
    for block in blocks:
        stacked.append(node("g", *block.nodes, transform=f"translate(0 {bottom:.0f})"))
        bottom += block.height
    lines = [
        _line(one, top=_LANE * lane + 8 if lane is not None else top, bottom=bottom)
        for one, lane in zip(labels, places, strict=True)
    ]
    marks = [
        _mark(one, y=_LANE * lane + 5, layout=layout)
        for one, lane in zip(labels, places, strict=True)
        if lane is not None
    ]
    axis = _axis(layout, scale, top=top, bottom=bottom, zero_s=zero_s)
    return svg(
        *axis, *lines, *stacked, *marks, width=layout.width, height=bottom + 24, label=label, class_=layout.class_
    )


def text(words: str, *, x: float, y: float, class_: str, anchor: str = "start") -> Element:
    """Make a line of text whose baseline is at y."""
    return node("text", text=words, x=x, y=y, class_=class_, text_anchor=anchor)


def _placed(events: Sequence[Event], *, layout: Layout, scale: Scale) -> tuple[list[Label], list[int | None]]:
    """Give every event a label with a lane of its own; where many come close, the labels say only the kind.

    When even that is too much, the last ones have no label: their lines and the list below the picture remain.
    """
    for is_brief in (False, True):
        labels = _labels(events, layout=layout, scale=scale, is_brief=is_brief)
        places = stagger([_span(label, layout=layout) for label in labels], lanes=layout.lanes)
        if None not in places:
            break
    return labels, places


def _labels(events: Sequence[Event], *, layout: Layout, scale: Scale, is_brief: bool) -> list[Label]:
    """Make one label of the events of one kind that a screen cannot show apart: twelve leaders move as one."""
    made: list[Label] = []
    for _, group in groupby(sorted(events, key=lambda event: (event.kind, event.time_s)), key=lambda e: e.kind):
        near: list[Event] = []
        for event in group:
            if near and scale(event.time_s) - scale(near[0].time_s) > _SAME_PLACE:
                made.append(_label(near, layout=layout, scale=scale, is_brief=is_brief))
                near = []
            near.append(event)
        made.append(_label(near, layout=layout, scale=scale, is_brief=is_brief))
    return sorted(made, key=lambda label: label.x)


def _label(events: Sequence[Event], *, layout: Layout, scale: Scale, is_brief: bool) -> Label:
    first, x = events[0], scale(events[0].time_s)
    words = first.kind if is_brief else f"{first.kind}: {first.what}"
    room = layout.width - x - _TEXT_AT
    width = min(layout.longest_label, room if room >= layout.least_label else layout.longest_label)
    return Label(
        x=x,
        kind=first.kind,
        words=shortened(words if len(events) == 1 else f"{first.kind} ×{len(events)}", width=width, size=SIZE),
        tooltip="\n".join(f"{event.kind}: {event.what}" for event in events[:20]),
    )


def _is_flipped(label: Label, layout: Layout) -> bool:
    return label.x + _TEXT_AT + text_width(label.words, size=SIZE) > layout.width


def _span(label: Label, *, layout: Layout) -> tuple[float, float]:
    """Return from where to where a label goes: right of its line, or left of it at the picture's right edge."""
    width = _TEXT_AT + text_width(label.words, size=SIZE)
    return (label.x - width, label.x + 5) if _is_flipped(label, layout) else (label.x - 5, label.x + width)


def _line(label: Label, *, top: float, bottom: float) -> Element:
    return node("line", class_=f"event {label.style}", x1=label.x, x2=label.x, y1=top, y2=bottom)


def _mark(label: Label, *, y: float, layout: Layout) -> Element:
    """Draw a label's sign and words; the shape says what the colour says."""
    flipped = _is_flipped(label, layout)
    return node(
        "g",
        node("title", text=label.tooltip),
        node("polygon", points=_MARKS[label.style], transform=f"translate({label.x:.1f} {y:.1f})"),
        text(
            label.words,
            x=label.x + (-_TEXT_AT if flipped else _TEXT_AT),
            y=y + 6.5,
            class_="halo",
            anchor="end" if flipped else "start",
        ),
        class_=f"mark {label.style}",
    )


def _axis(layout: Layout, scale: Scale, *, top: float, bottom: float, zero_s: float) -> list[Element]:
    nodes = [node("line", class_="axis", x1=layout.left, x2=layout.end, y1=bottom, y2=bottom)]
    for tick in time_ticks(scale.low - zero_s, scale.high - zero_s, about=layout.ticks):
        x = scale(tick.value + zero_s)
        half = text_width(tick.label, size=SIZE) / 2
        nodes += [
            node("line", class_="grid", x1=x, x2=x, y1=top, y2=bottom + 4),
            text(tick.label, x=min(x, layout.width - half), y=bottom + 18, class_="tick", anchor="middle"),
        ]
    return nodes
