"""The timeline of the whole run: the run's events, every clause a bar in the lane of its family, and the machine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element

from harness.certificate import Certificate, ClauseResult
from harness.charts import Scale, node, shortened, stagger, text_width
from harness.evidence import Event
from harness.report.canvas import LAYOUTS, SIZE, Block, Layout, picture, text
from harness.report.figures import duration
from harness.report.machine import machine_series
from harness.report.timeline import panels
from harness.report.words import VERDICTS, family_name
from harness.verdict import Verdict

_BAR = 20.0
_ROW = 26.0
_LANES = 12
_BAR_SIZE = 11.0
_SIGN_ROOM = 13.0


def run_timeline(certificate: Certificate, *, events: Sequence[Event]) -> list[str]:
    """Draw the run for each layout; nothing when no clause has a result."""
    if not certificate.clauses:
        return []
    ends_s = [clause.started_s + clause.duration_s for clause in certificate.clauses]
    high_s = max([*ends_s, *(event.time_s for event in events)]) * 1.01
    label = f"All {len(certificate.clauses)} clauses on the time axis of the run"
    drawings = []
    for layout in LAYOUTS:
        scale = layout.scale(0.0, high_s)
        blocks = [
            _family_block(family, list(group), layout=layout, scale=scale)
            for family, group in groupby(_by_family(certificate.clauses), key=lambda clause: clause.claim.family)
        ]
        blocks += panels(machine_series(certificate), layout, scale)
        drawings.append(picture(layout=layout, scale=scale, events=events, blocks=blocks, zero_s=0.0, label=label))
    return drawings


def _by_family(clauses: Sequence[ClauseResult]) -> list[ClauseResult]:
    """Order clauses by family, the family that started first on top."""
    first_s: dict[str, float] = {}
    for clause in clauses:
        family = clause.claim.family
        first_s[family] = min(clause.started_s, first_s.get(family, clause.started_s))
    return sorted(clauses, key=lambda clause: (first_s[clause.claim.family], clause.claim.family, clause.started_s))


def _family_block(family: str, clauses: Sequence[ClauseResult], *, layout: Layout, scale: Scale) -> Block:
    """Draw a family's bars; those that ran at the same time get lanes of their own."""
    spans = [(scale(clause.started_s), scale(clause.started_s + clause.duration_s)) for clause in clauses]
    lanes = [lane or 0 for lane in stagger(spans, lanes=_LANES, gap=-1)]
    height = _ROW * (1 + max(lanes))
    name = shortened(family_name(family), width=layout.left - 10, size=SIZE)
    bars = [
        _bar(clause, start=start, end=end, y=_ROW * lane + 3)
        for clause, (start, end), lane in zip(clauses, spans, lanes, strict=True)
    ]
    in_front = sorted(zip(clauses, bars, strict=True), key=lambda pair: pair[0].verdict is not Verdict.PASS)
    return Block(
        nodes=[
            text(name, x=layout.left - 8, y=17, class_="name", anchor="end"),
            node("line", class_="grid", x1=layout.left, x2=layout.end, y1=height, y2=height),
            *(bar for _, bar in in_front),
        ],
        height=height,
    )


def _bar(clause: ClauseResult, *, start: float, end: float, y: float) -> Element:
    """Draw one clause, a link to its fold, with as much of its verdict's sign and its number as fits.

    A clause that is not a pass is never too short to be seen: its bar always has room for the sign.
    """
    words = VERDICTS[clause.verdict]
    is_pass = clause.verdict is Verdict.PASS
    width = max(1.5 if is_pass else _SIGN_ROOM, end - start - 1)
    number = clause.claim.id.partition("-")[2]
    tooltip = f"{clause.claim.id} {words.name}, {duration(clause.duration_s)}: {clause.claim.sentence}"
    labels = (f"{words.sign} {clause.claim.id}", f"{words.sign} {number}", number if is_pass else words.sign)
    label = next((label for label in labels if text_width(label, size=_BAR_SIZE) <= width - 5), "")
    return node(
        "a",
        node("title", text=tooltip),
        node("rect", class_=f"clause {words.class_}", x=start, y=y, width=width, height=_BAR),
        *([text(label, x=start + width / 2, y=y + 14.5, class_="on-bar", anchor="middle")] if label else []),
        href=f"#{clause.claim.id}",
    )
