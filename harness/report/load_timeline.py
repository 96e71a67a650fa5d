"""The timeline of a load: its trials as bars, its series below them, and under all of it one axis and its events."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from harness.charts import Scale, node, number, text_width
from harness.evidence import Event, Series
from harness.measuring.recorded import Recorded, Tried
from harness.measuring.replicas import events as replica_events
from harness.report.canvas import LAYOUTS, Block, Layout, picture, text
from harness.report.load_series import LATENCY
from harness.report.timeline import panels
from harness.report.words import VERDICTS
from harness.verdict import Verdict

_BAR = 20.0
_SIZE = 11.0


def events_of(run: Recorded) -> list[Event]:
    """Return what happened: what the run tells of, and what its replicas did."""
    told = [Event(time_s=one["time_s"], kind=one["kind"], what=one["what"]) for one in run.content.get("events", [])]
    return sorted([*told, *replica_events(run.observed.replicas)], key=lambda event: event.time_s)


def load_timeline(run: Recorded, series: Sequence[Series], *, label: str) -> list[str]:
    """Draw trials and series for each layout, with the events while the load went on; nothing without a second."""
    if not run.moments:
        return []
    low_s, high_s = run.moments[0].second.time_s - 1, run.moments[-1].second.time_s
    events = [event for event in events_of(run) if low_s <= event.time_s <= high_s]
    drawings = []
    for layout in LAYOUTS:
        scale = layout.scale(low_s, high_s)
        blocks = [
            _trials(run.trials, layout=layout, scale=scale),
            *panels(series, layout, scale, logarithmic=frozenset({LATENCY})),
        ]
        drawings.append(picture(layout=layout, scale=scale, events=events, blocks=blocks, zero_s=low_s, label=label))
    return drawings


def _trials(trials: Sequence[Tried], *, layout: Layout, scale: Scale) -> Block:
    return Block(
        nodes=[
            text("trials", x=layout.left - 8, y=17, class_="name", anchor="end"),
            *(_bar(tried, scale=scale) for tried in trials),
        ],
        height=_BAR + 10,
    )


def _bar(tried: Tried, *, scale: Scale) -> Element:
    """Draw one trial, a link to its row, with as much of its sign and its rate as fits."""
    words = VERDICTS[Verdict(tried.content["verdict"])]
    class_ = "not-run" if tried.is_warm_up else words.class_
    sign = "" if tried.is_warm_up else words.sign
    start, end = scale(tried.from_s), scale(tried.until_s)
    width = max(2.0, end - start - 1)
    said = "not judged" if tried.is_warm_up else words.name
    tooltip = f"{tried.content['purpose']}, {number(round(tried.rate_hz))} records/s: {said}"
    labels = (f"{sign} {number(round(tried.rate_hz))}".strip(), sign)
    label = next((label for label in labels if text_width(label, size=_SIZE) <= width - 3), "")
    return node(
        "a",
        node("title", text=tooltip),
        node("rect", class_=f"clause {class_}", x=start, y=3, width=width, height=_BAR),
        *([text(label, x=start + width / 2, y=17.5, class_="on-bar", anchor="middle")] if label else []),
        href=f"#trial-{tried.content['number']}",
    )
