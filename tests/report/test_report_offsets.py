"""The report shows the offsets around a finding where there is a picture of them, and never stumbles over one."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from harness.judging.picture import picture_of
from harness.ops import OpType
from harness.report import render_html
from harness.report.offsets import OffsetPicture, offset_picture
from harness.verdict import Finding, Judgement, Verdict
from tests.checkers.anomalies.told import Told
from tests.report.sample import Variant, sample

A = "orders-0"
LONG = "a-client-with-a-long-name/000000000001"
HOSTILE = "<script>alert('x')</script>"


class Tables(HTMLParser):
    """The words of each cell of each row of the tables of a page that are logs, what only a screen reader says too."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_log = False
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_log = dict(attrs).get("class") == "log" if tag == "table" else self._in_log
        if self._in_log and tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._in_cell = self._in_log
            if self._in_log:
                self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data

    @property
    def lines(self) -> list[str]:
        return [" | ".join(" ".join(cell.split()) for cell in row) for row in self.rows]


def lost(value: int | str = 7, *, key: str = A) -> Told:
    first, last = (0, "first"), (2, "last")
    told = Told().sent(1, key, first, (1, str(value)), last).refused(3, key, "no")
    return told.polled(2, {key: [first, last]}).finally_read({key: [first, last, (3, "phantom")]})


def drawn(told: Told, anomaly: str = "lost-write") -> dict[str, Any]:
    """Return the picture of the first finding of a kind as a certificate keeps it."""
    judged = told.judged()
    found = next(one for one in judged.anomalies if one.name == anomaly)
    picture = picture_of(judged.versions, found.examples[0])
    assert picture is not None
    made: dict[str, Any] = json.loads(json.dumps(picture.as_json()))
    return made


def looked_at(data: object) -> OffsetPicture:
    """Return a picture as it is laid out."""
    picture = offset_picture(data, zero_s=0)
    assert picture is not None
    return picture


def page(*evidence: dict[str, Any], started_s: float = 0.0) -> str:
    """Return the report of one failed clause with these findings."""
    findings = tuple(Finding(anomaly="lost-write", what="lost", evidence=one) for one in evidence)
    judgement = Judgement(checker="history", verdict=Verdict.FAIL, reason="lost", findings=findings)
    certificate = sample(Variant.PASS, points_per_series=2)
    clause = certificate.clauses[0]
    failed = replace(
        clause, verdict=Verdict.FAIL, started_s=started_s, evidence=replace(clause.evidence, judgements=[judgement])
    )
    return render_html(json.loads(json.dumps(replace(certificate, clauses=[failed]).as_json())))


def test_a_lost_write_can_be_read_line_by_line() -> None:
    assert Tables(page({"picture": drawn(lost())})).lines == [
        "the log | written | read by",
        "offset | value | by | sent, s | answered, s | 2 | final",
        "0 | first | 1 | 0.001 | ✓ acked 0.002 | read ✓ 0.010 | read ✓ 0.012",
        "part of the finding: 1 | 7 | 1 | 0.003 | ✓ acked 0.004 | missing: passed over, and it should have been there ✗"
        " | missing: passed over, and it should have been there ✗",
        "2 | last | 1 | 0.005 | ✓ acked 0.006 | read ✓ 0.010 | read ✓ 0.012",
        "3 | phantom | nobody sent it |  | read ✓ 0.012",
    ]


def test_times_count_from_the_beginning_of_the_clause() -> None:
    lines = Tables(
        page({"picture": drawn(Told().later(5000).sent(1, A, (0, 1)).finally_read({A: []}), "unseen")}, started_s=4.5)
    ).lines
    assert lines[-1].split(" | ")[3] == "0.501"


def test_the_picture_takes_the_place_of_its_text_and_the_rest_of_the_evidence_stays() -> None:
    html = page({"offsets": [1], "picture": drawn(lost())})
    assert "<pre>offsets: [1]</pre>" in html
    assert "readers_left_out" not in html


def test_only_the_first_finding_is_unfolded() -> None:
    html = page({"picture": drawn(lost())}, {"picture": drawn(lost())}, {"offsets": [1]})
    assert html.count('<details class="offsets" open>') == 1
    assert html.count('<details class="offsets">') == 1


def test_the_endings_of_sends_are_told_apart() -> None:
    told = Told().sent(1, A, (0, 0)).refused(2, A, 1).unanswered(3, A, 2).invoke_send(4, A, 3)
    told.transaction(5, {A: [(4, 4)]}).transaction(6, {A: [(5, 5)]}, how=OpType.FAIL)
    told.finally_read({A: [(n, n) for n in (1, 2, 3, 4, 5)]})
    ended = [line.sent.ended for line in looked_at(drawn(told, "aborted-read")).lines if line.sent]
    words = ["acked", "refused", "unknown", "never answered", "committed", "aborted"]
    assert [said.partition(" 0.")[0] for said in ended] == words


def test_a_sender_that_was_told_another_offset_is_said_to_be() -> None:
    picture = looked_at(drawn(Told().sent(1, A, (0, 1)).finally_read({A: [(0, 1), (1, 1)]}), "duplicate"))
    assert [line.sent.note for line in picture.lines if line.sent] == ["", "at offset 0"]


def test_what_is_left_out_and_holes_are_said() -> None:
    records = [(n, n) for n in range(30) if n != 15]
    told = Told().sent(1, A, *((n, n) for n in (*range(14), *range(15, 30)))).finally_read({A: records})
    picture = looked_at(drawn(told, "lost-write"))
    assert [(line.kind, line.offset, line.says) for line in picture.lines if line.says] == [
        ("gap", "0 – 11", "12 records left out"),
        ("gap", "19 – 29", "11 records left out"),
    ]
    assert picture.title == f"{A}, offsets 12 to 18"


def test_the_legend_explains_what_is_there_and_nothing_else() -> None:
    whole = [look.class_ for look in looked_at(drawn(lost())).legend]
    assert whole == ["there", "told", "read", "missing"]
    plain = looked_at(drawn(Told().sent(1, A, (0, 1)).finally_read({A: [(0, 1), (1, 1)]}), "duplicate"))
    assert [look.class_ for look in plain.legend] == ["there", "read"]


def test_a_long_value_keeps_its_beginning_and_its_end_and_can_be_read_whole() -> None:
    (line,) = (line for line in looked_at(drawn(lost(LONG))).lines if line.is_marked)
    assert line.value is not None
    assert line.value.shown == "a-client-w…000000001"
    assert f'title="{LONG}"' in page({"picture": drawn(lost(LONG))})


def test_hostile_words_stay_words() -> None:
    html = page({"picture": drawn(lost(HOSTILE, key=HOSTILE))})
    assert html.count("<script>") == 1


@pytest.mark.parametrize("data", [None, {}, [], "picture", 7, {"rows": [{}]}, {"rows": 3}, {"key": HOSTILE}])
def test_what_is_no_picture_is_shown_as_text(data: object) -> None:
    assert offset_picture(data, zero_s=0) is None
    html = page({"picture": data})
    assert "<pre>picture: " in html
    assert html.count("<script>") == 1


def test_no_broken_picture_stops_the_report() -> None:
    whole = drawn(lost())
    for name in whole:
        assert offset_picture({other: whole[other] for other in whole if other != name}, zero_s=0) is None
    record = next(row for row in whole["rows"] if row["kind"] == "record")
    for name in record:
        for wrong in (None, [1], "?", {"?": 1}):
            picture = offset_picture({**whole, "rows": [{**record, name: wrong}]}, zero_s=0)
            assert picture is None or isinstance(picture, OffsetPicture)
