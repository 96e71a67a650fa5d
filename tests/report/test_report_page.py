"""The HTML report shows every clause, escapes whatever a cluster says, needs no other file, and stays small."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.certificate import Certificate, ClauseResult
from harness.evidence import Event, Evidence, Series, Window
from harness.report import render_html
from harness.report.figures import duration, figure, moment, seconds, size
from harness.report.timeline import clause_timeline, worst_window
from harness.report.words import headline, rerun_command
from harness.verdict import Finding, Judgement, Verdict
from tests.report.sample import Variant, sample

VOID = {"meta", "link", "input", "br"}
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>{{ 7 * 7 }}\x1b[31m\u202e"


class Page(HTMLParser):
    """What a browser would find: balanced tags (or it fails), ids, attributes, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)
        self.ids.extend(value for name, value in attrs if name == "id" and value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@cache
def html_of(variant: Variant) -> str:
    """Return the page of a sample; it is made once, because reading it is all that most tests do."""
    return render_html(sample(variant).as_json())


def page_of(certificate: Certificate) -> Page:
    """Return the parsed page of a certificate."""
    return Page(render_html(certificate.as_json()))


def with_first(certificate: Certificate, **changes: object) -> Certificate:
    """Return the certificate with another first clause."""
    first: ClauseResult = replace(certificate.clauses[0], **changes)  # type: ignore[arg-type]
    return replace(certificate, clauses=[first, *certificate.clauses[1:]])


@pytest.mark.parametrize(
    ("variant", "title", "why"),
    [
        (Variant.PASS, "CERTIFIED", "All 45 claims held."),
        (Variant.FAIL, "NOT CERTIFIED", "2 of 45 claims did not hold, 1 not judged."),
        (Variant.INCONCLUSIVE, "INCONCLUSIVE", "2 of 45 claims could not be judged, 1 not run. No evidence is never"),
        (Variant.EMPTY, "INCONCLUSIVE", "Nothing was checked. No evidence is never a pass."),
        (Variant.NOT_RUN, "INCONCLUSIVE", "Nothing was checked, 45 claims did not run. No evidence is never a pass."),
    ],
)
def test_the_head_says_the_verdict_and_what_it_rests_on(variant: Variant, title: str, why: str) -> None:
    html = html_of(variant)
    assert f"<h1>{title}</h1>" in html
    assert why in Page(html).text


@pytest.mark.parametrize("variant", Variant)
def test_every_clause_is_there_with_all_it_says(variant: Variant) -> None:
    certificate, page = sample(variant), Page(html_of(variant))
    assert len(page.ids) == len(set(page.ids))
    for clause in certificate.clauses:
        assert page.ids.count(clause.claim.id) == 1
        for words in (clause.claim.sentence, clause.reason, *(j.reason for j in clause.evidence.judgements)):
            assert " ".join(words.split()) in page.text
    for claim in certificate.not_run:
        assert claim.sentence in page.text


def test_what_is_not_green_comes_first_and_is_unfolded() -> None:
    html = html_of(Variant.FAIL)
    head = html[: html.index("</header>")]
    ids = re.findall(r'class="id" href="#([A-Z]+-\d\d)"', head)
    assert ids == ["DEP-02", "FAIL-03", "ROLL-02"]
    assert set(re.findall(r'<details id="([A-Z]+-\d\d)"[^>]* open>', html)) == set(ids)


def test_the_page_needs_no_other_file() -> None:
    page = Page(html_of(Variant.FAIL))
    links = [value for name, value in page.attributes if name in {"src", "href"} and value]
    assert all(link.startswith("#") for link in links)
    assert {link.removeprefix("#") for link in links} <= set(page.ids)
    assert not {"link", "img", "iframe", "object"} & set(page.tags)


def test_hostile_words_stay_words() -> None:
    finding = Finding(anomaly=HOSTILE, what=HOSTILE, evidence={HOSTILE: [HOSTILE]})
    judgement = Judgement(checker=HOSTILE, verdict=Verdict.FAIL, reason=HOSTILE, findings=(finding,))
    evidence = Evidence(
        facts={HOSTILE: HOSTILE, "rows": [{HOSTILE: HOSTILE}]},
        judgements=[judgement],
        events=[Event(time_s=1, kind=HOSTILE, what=HOSTILE)],
        windows=[Window(key=HOSTILE, operation=HOSTILE, start_s=0, end_s=2)],
        series=[Series(name=HOSTILE, unit=HOSTILE, points=((0, 1), (1, 2)))],
    )
    safe = sample(Variant.FAIL, points_per_series=2)
    certificate = with_first(safe, verdict=Verdict.FAIL, reason=HOSTILE, evidence=evidence)
    certificate = replace(certificate, subject={**certificate.subject, "context": HOSTILE})
    page = page_of(certificate)
    assert page.tags.count("script") == html_of(Variant.FAIL).count("<script>") == 1
    assert "img" not in page.tags
    assert "alert('x')" in page.text


def test_lone_surrogates_do_not_stop_the_report_from_being_written() -> None:
    html = render_html(with_first(sample(points_per_series=2), reason="bytes \udcff here").as_json())
    assert "bytes ? here" in html
    html.encode("utf-8")


def test_unknown_is_written_and_never_invented() -> None:
    certificate = sample(Variant.EMPTY)
    assert re.search(r"Kafka unknown ZooKeeper unknown Kubernetes unknown Nodes unknown", page_of(certificate).text)
    bare = replace(certificate, run={"level": "gate"}, subject={}, environment={})
    assert "Seed unknown" in page_of(bare).text


def test_a_big_report_stays_small() -> None:
    def points(name: str) -> Series:
        values = tuple((index / 100, 500 + 100 * math.sin(index) + index % 7) for index in range(2_000))
        return Series(name=name, unit="records/s", points=values)

    certificate = sample(Variant.PASS, points_per_series=2)
    heavy = [
        replace(
            certificate.clauses[index % 45],
            claim=replace(certificate.clauses[index % 45].claim, id=f"BIG-{index:02d}"),
            evidence=replace(certificate.clauses[20].evidence, series=[points("sent"), points("acknowledged")]),
        )
        for index in range(60)
    ]
    html = render_html(replace(certificate, clauses=heavy).as_json())
    assert len(html.encode()) < 3_000_000


FLOATS = st.floats(allow_nan=True, allow_infinity=True)
EVENTS = st.builds(Event, time_s=FLOATS, kind=st.sampled_from(["fault", "healed", "x"]), what=st.text(max_size=30))
WINDOWS = st.builds(
    Window,
    key=st.sampled_from(["t-0", "t-1", "other", "t-10"]),
    operation=st.sampled_from(["produce", "fetch"]),
    start_s=FLOATS,
    end_s=FLOATS,
)
SERIES = st.builds(
    Series,
    name=st.text(max_size=20),
    unit=st.sampled_from(["ms", "%"]),
    points=st.lists(st.tuples(FLOATS, FLOATS)).map(tuple),
)


@settings(max_examples=60)
@given(events=st.lists(EVENTS), windows=st.lists(WINDOWS), series=st.lists(SERIES, max_size=6))
def test_no_evidence_breaks_a_timeline(events: list[Event], windows: list[Window], series: list[Series]) -> None:
    evidence = Evidence(events=events, windows=windows, series=series)
    for drawing in clause_timeline(evidence, zero_s=0, label="any"):
        attributes = re.sub(r">[^<]*<", "><", drawing)
        assert not re.search(r'="-?(nan|inf)|[ ,lM(](nan|inf)', attributes)


def test_the_worst_window_is_labelled_with_its_length_and_its_limit() -> None:
    html = unescape(html_of(Variant.FAIL))
    assert "worst: 12.4 s of 10 s allowed" in html
    assert "worst window 12.4 s of 10 s, orders-1" in html


def test_each_service_has_a_lane_of_its_own_with_its_own_limit() -> None:
    lengths_s = {"produce acks=all": 2.0, "offset commit": 4.0, "group join": 1.0}
    budgets_s = {"produce acks=all": 3.0, "offset commit": 5.0}
    evidence = Evidence(
        events=[Event(time_s=0, kind="fault", what=""), Event(time_s=60, kind="healed", what="")],
        windows=[Window(key="t-0", operation=name, start_s=10, end_s=10 + s) for name, s in lengths_s.items()],
        judgements=[
            Judgement(checker=name, verdict=Verdict.PASS, reason="", measured={"operation": name, "budget_s": budget_s})
            for name, budget_s in budgets_s.items()
        ],
    )
    for drawing in clause_timeline(evidence, zero_s=0, label=""):
        assert [name for name in lengths_s if f"no success of: {name}" in drawing] == list(lengths_s)
        assert "worst: 2 s of 3 s allowed" in drawing
        assert "worst: 4 s of 5 s allowed" in drawing
        assert "worst: 1 s" in drawing
    worst = worst_window(evidence)
    assert worst is not None
    assert worst.operation == "offset commit"


def test_many_events_close_together_become_one_label() -> None:
    events = [Event(time_s=10 + n / 1000, kind="leader-moved", what=f"t-{n}") for n in range(12)]
    wide, narrow = clause_timeline(
        Evidence(events=[*events, Event(time_s=60, kind="healed", what="")]), zero_s=0, label=""
    )
    assert "leader-moved ×12" in wide
    assert "leader-moved ×12" in narrow


def test_nothing_to_draw_is_no_drawing() -> None:
    assert clause_timeline(Evidence(facts={"brokers": 3}), zero_s=0, label="") == []


def test_a_series_without_data_says_so() -> None:
    evidence = Evidence(
        events=[Event(time_s=1, kind="fault", what="x")], series=[Series(name="lag", unit="records", points=())]
    )
    assert "no data" in clause_timeline(evidence, zero_s=0, label="")[0]


def test_the_rerun_names_only_what_did_not_pass() -> None:
    assert rerun_command(sample(Variant.PASS)) is None
    assert rerun_command(sample(Variant.EMPTY)) is None
    assert rerun_command(sample(Variant.NOT_RUN)) is None
    command = rerun_command(sample(Variant.INCONCLUSIVE))
    assert command == "harness gate --seed 20260114 -k 'FAIL-04 or LOAD-01'"
    partial = replace(sample(Variant.INCONCLUSIVE), run={"command": "harness gate -k 'FAIL or LOAD' --keep"})
    assert rerun_command(partial) == "harness gate --keep -k 'FAIL-04 or LOAD-01'"


def test_the_rerun_names_what_was_cut_off_but_not_what_was_not_chosen() -> None:
    cut_off = replace(sample(Variant.PASS), not_run=sample(Variant.NOT_RUN).not_run)
    command = rerun_command(cut_off)
    assert command is not None
    assert all(claim.id in command for claim in cut_off.not_run)
    for choice in ("-k 'FAIL'", "--only FAIL", "--skip LOAD", "--lf"):
        chosen = replace(cut_off, run={"command": f"harness gate {choice}"})
        assert rerun_command(chosen) is None


def test_one_claim_is_counted_in_the_singular() -> None:
    one = replace(sample(), clauses=sample().clauses[:1])
    assert headline(one) == "the only claim held"
    assert headline(with_first(one, verdict=Verdict.FAIL)) == "1 of 1 claim did not hold"


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("worst_s", 1.834, "worst: 1.83 s"),
        ("start_delay_s", 0.047, "start delay: 47 ms"),
        ("memory_limit_bytes", 2**30, "memory limit: 1 GiB"),
        ("throttled_ratio", 0.061, "throttled: 6.1 %"),
        ("rate_per_s", 2000, "rate: 2\u202f000/s"),
        ("broker_id", 1001, "broker id: 1001"),
        ("is_ready", True, "is ready: yes"),
        ("version", None, "version: unknown"),
        ("nodes", ["a", "b"], "nodes: a, b"),
        ("none_found", [], "none found: none"),
    ],
)
def test_figures_are_read_from_names_with_units(name: str, value: object, written: str) -> None:
    shown = figure(name, value)
    assert f"{shown.name}: {shown.text}" == written


def test_values_that_belong_side_by_side_become_a_table() -> None:
    values: Mapping[str, object] = {
        "kafka-0": {"api": "500m", "kernel": None},
        "kafka-1": {"api": "250m", "kernel": "x"},
    }
    table = figure("cpu", values).table
    assert table is not None
    assert list(table.head) == ["", "api", "kernel"]
    assert [list(row) for row in table.rows] == [["kafka-0", "500m", "unknown"], ["kafka-1", "250m", "x"]]
    assert figure("cpu", {"kafka-0": {"api": 1}, "kafka-1": {"other": 1}}).table is None
    deep = figure("cpu", [{"api": {"deep": 1}}, {"api": None}])
    assert deep.table is None
    assert deep.text == '{"api": {"deep": 1}}\n{"api": null}'


def test_times_and_sizes_are_written_for_people() -> None:
    assert [seconds(value) for value in (0.0123, 1.5, 10, 12.44, 140.2)] == [
        "12.3 ms",
        "1.50 s",
        "10 s",
        "12.4 s",
        "140 s",
    ]
    assert [duration(value) for value in (0.4, 12, 545, 7800)] == ["0.4 s", "12 s", "9 min 05 s", "2 h 10 min"]
    assert [size(value) for value in (512, 48_234_496)] == ["512 bytes", "46 MiB"]
    assert moment("2026-01-14T09:30:00Z") == "2026-01-14 09:30:00 UTC"
    assert moment("yesterday") == "yesterday"
