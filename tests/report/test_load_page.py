"""The page of a load: the result first, everything on one axis, what is unknown said to be so, nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from harness.charts import LogScale
from harness.evidence import Series
from harness.measuring import recorded
from harness.measuring.recorded import Recorded
from harness.measuring.usage import Observed
from harness.report.load import NAME, render, render_load
from harness.report.load_curves import capacity_chart, curves_of, percentile_chart
from harness.report.load_series import of_the_load, of_the_rest
from harness.report.load_timeline import events_of, load_timeline
from tests.report.load_sample import COURSE, Shape, write
from tests.report.test_report_page import HOSTILE, VOID, Page

VOID |= {"circle"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("load") / "run", Shape())


@pytest.fixture(scope="module")
def run(folder: Path) -> Recorded:
    return recorded.read(folder)


@pytest.fixture(scope="module")
def html(run: Recorded) -> str:
    return render_load(run)


def changed(run: Recorded, **content: Any) -> Recorded:
    """Return the run with other content of load.json."""
    return Recorded(
        content={**run.content, **content},
        moments=run.moments,
        trials=run.trials,
        observed=run.observed,
        steps=run.steps,
    )


def section(html: str, name: str) -> str:
    """Return the text of one section of the page."""
    start = html.index(f'<section id="{name}"')
    return Page(html[start : html.index("</section>", start) + len("</section>")]).text


def named(run: Recorded, name: str) -> Series:
    return next(series for series in (*of_the_load(run), *of_the_rest(run)) if series.name == name)


def test_the_result_comes_first(html: str) -> None:
    head = Page(html[html.index("<header") : html.index("</header>") + len("</header>")]).text
    for words in (
        "SUFFICIENT",
        "6900 records/s were carried for 20 s",
        "knee, 7.07 MB/s 6 900 /s 95%: 6 610 to 7 420; repeats 7 025, 6 940, 7 110",
        "limiting resource broker CPU",
        "headroom +245 % over the 2 000 /s that are expected",
        "full after 0.42 h at the carried rate",
        "harness load end-to-end --seed 1",
    ):
        assert words in head


@pytest.mark.parametrize(
    ("verdict", "class_"),
    [("SUFFICIENT", "pass"), ("INSUFFICIENT", "fail"), ("DRIFT", "fail"), ("INCONCLUSIVE", "inconclusive")],
)
def test_every_verdict_has_its_face(run: Recorded, verdict: str, class_: str) -> None:
    page = render_load(changed(run, verdict=verdict))
    assert f'<header class="certificate {class_}">' in page
    assert f"<h1>{verdict}</h1>" in page
    assert ("No evidence is never a pass." in page) is (verdict == "INCONCLUSIVE")


def test_what_is_unknown_is_said_to_be_so(run: Recorded) -> None:
    unknown = changed(
        run,
        knee=None,
        headroom_ratio=None,
        expected_records_per_s=None,
        hours_to_full_disk=None,
        cpu_model=None,
        limiting_resource="none seen",
        sizing=[],
        judgements=[],
        subject={},
    )
    page = Page(render_load(unknown)).text
    assert "knee none found 7 025 /s were carried in a trial" in page
    assert "headroom unknown no rate is expected yet" in page
    assert "full after never retention deletes first" in page
    assert "Kafka unknown" in page
    assert "Nobody was to read" in page
    assert "CPU model" not in page


def test_repeats_that_disagree_are_not_given_an_interval_below_zero(run: Recorded) -> None:
    knee = {**run.content["knee"], "low": -5493.0, "high": 18064.2, "repeats": [897.4, 8651.3, 9308.1]}
    page = Page(render_load(changed(run, knee=knee))).text
    assert "its repeats do not agree; repeats 897, 8 651, 9 308" in page
    assert "-5" not in page[: page.index("See it again")]


def test_a_run_without_a_single_trial_still_has_a_page(run: Recorded) -> None:
    bare = Recorded(
        content={**run.content, "trials": [], "knee": None, "hours_to_full_disk": None},
        moments=(),
        trials=(),
        observed=Observed(),
        steps=(),
    )
    page = Page(render_load(bare)).text
    for words in ("no trial was carried", "No second of this load was recorded.", "No trial was judged.", "unknown"):
        assert words in page


def test_the_page_needs_no_other_file_and_runs_nothing(html: str) -> None:
    page = Page(html)
    links = [value for name, value in page.attributes if name in {"src", "href"} and value]
    assert all(link.startswith("#") for link in links)
    assert {link.removeprefix("#") for link in links} <= set(page.ids)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert "url(" not in html
    assert len(page.ids) == len(set(page.ids))


def test_hostile_words_stay_words(run: Recorded) -> None:
    hostile = changed(
        run,
        reason=HOSTILE,
        limiting_resource=HOSTILE,
        command=HOSTILE,
        run_id=HOSTILE,
        events=[{"time_s": 60.0, "kind": HOSTILE, "what": HOSTILE}],
        sizing=[{"what": HOSTILE, "documented": HOSTILE, "deployed": HOSTILE, "measured": HOSTILE + "\udcff"}],
    )
    page = Page(render_load(hostile))
    assert not {"script", "img"} & set(page.tags)
    assert "alert('x')" in page.text


def test_every_drawing_has_words_for_those_who_cannot_see_it(html: str) -> None:
    labels = [unescape(label) for label in re.findall(r'<svg [^>]*role="img" aria-label="([^"]*)"', html)]
    assert len(labels) == 8  # four drawings, each for wide and for narrow screens
    assert any("the knee is at 6\u202f900 records/s" in label for label in labels)
    assert any(label.startswith("Latency by percentile: produce at 6\u202f900/s (confirm) p50") for label in labels)
    assert len(re.findall(r"<svg", html)) == 1 + len(labels)


def test_every_trial_is_a_row_and_a_bar_and_says_why_it_did_not_pass(html: str) -> None:
    text = section(html, "trials")
    for number, (purpose, _, _, verdict) in enumerate(COURSE, start=1):
        assert f'id="trial-{number}"' in html
        assert f'href="#trial-{number}"' in html
        said = "not judged" if purpose == "warm-up" else verdict.lower()
        assert re.search(rf"\b{number} {purpose} (. )?{said}", text)
    assert text.count("given up after 3 s") == 2
    assert text.count("machine-bound") == 1
    assert "every objective was met" not in text


def test_the_sizing_is_a_table_of_what_is_documented_deployed_and_measured(html: str) -> None:
    assert "broker CPU 500m 500m 473m at the most" in section(html, "sizing")


def test_a_comparison_is_shown_only_when_another_run_is_given(html: str, tmp_path: Path) -> None:
    assert "Compared with" not in html
    dear = write(tmp_path / "dear", Shape(run_id="dear", seed=2, costlier=1.3))
    path = render(dear, against=write(tmp_path / "before", Shape(run_id="before", seed=3)))
    assert path == dear / NAME
    text = section(path.read_text(encoding="utf-8"), "comparison")
    assert "Compared with before ▼ worse : broker CPU" in text
    assert re.search(r"broker CPU \S+ s/MB \S+ s/MB \+\d+\.\d % \(\+\S+ to \+\S+\) ▼ worse", text)


def test_a_comparison_with_another_profile_says_that_it_cannot_tell(run: Recorded) -> None:
    other = changed(run, profile={**run.content["profile"], "name": "fan-out"}, run_id="other")
    text = section(render_load(run, earlier=other), "comparison")
    assert "? cannot tell : the runs are not alike: name" in text


def test_events_of_the_run_and_of_the_replicas_are_on_the_axis_of_the_series(run: Recorded) -> None:
    kinds = [event.kind for event in events_of(run)]
    assert kinds == ["deploy", "deploy", "fault", "leader-moved", "isr-shrank", "healed", "isr-full"]
    wide, narrow = load_timeline(run, of_the_load(run), label="all")
    for drawing in (wide, narrow):
        assert "fault: forced delete of" in drawing
        assert "deploy" not in drawing  # long before the load: it would squeeze everything else


def test_what_was_asked_is_a_stair_up_to_the_last_second(run: Recorded) -> None:
    points = named(run, "asked").points
    assert points[0] == (20.0, 1000)
    assert points[-1] == (run.moments[-1].second.time_s, 5520)
    assert len(points) == 2 * len(COURSE)


def test_a_dead_broker_leaves_a_gap_and_never_a_stroke(run: Recorded) -> None:
    soak = run.trials[-1].from_s
    values = [value for time_s, value in named(run, "kafka-2 CPU").points if soak + 9 < time_s < soak + 20]
    assert any(value != value for value in values)
    assert not any(value != value for _, value in named(run, "kafka-0 CPU").points)
    assert max(value for _, value in named(run, "under-replicated").points) == 6


def test_a_load_that_nobody_reads_has_no_lag_and_no_delivery(tmp_path: Path) -> None:
    run = recorded.read(write(tmp_path / "run", Shape(groups=0, course=COURSE[:3])))
    names = {series.name for series in of_the_load(run)}
    assert {"consumed", "lag", "end-to-end p99"}.isdisjoint(names)
    assert [curve.name for curve in curves_of(run)] == ["produce at 2\u202f000/s (ramp)"]
    assert "Groups × consumers none" in Page(render_load(run)).text


def test_the_percentiles_are_those_of_what_was_confirmed_and_of_what_came_last(run: Recorded) -> None:
    names = [curve.name for curve in curves_of(run)]
    assert [name[-9:] for name in names] == ["(confirm)", "(confirm)", "00 (soak)"[-9:], "00 (soak)"[-9:]] or len(
        names
    ) == 4
    wide, _ = percentile_chart(curves_of(run))
    for words in ("50 %", "99.9 %", "99.99 %", *names):
        assert words in wide
    assert percentile_chart([]) == []


def test_the_capacity_curve_has_a_spot_for_each_trial_the_knee_and_the_models_line(run: Recorded) -> None:
    wide, narrow = capacity_chart(run)
    judged = len(COURSE) - 1
    for drawing in (wide, narrow):
        assert drawing.count('class="spot') == 3 * judged
        assert drawing.count('class="spot fail"') == 3 * 2
        assert (
            drawing.count('class="knee"')
            == drawing.count('class="knee-band"')
            == drawing.count('class="expected"')
            == 1
        )
        assert drawing.count('class="line s0"') == 1
        assert "knee 6\u202f900" in drawing
        assert "limit 0.5 cores" in drawing
    assert "bisect, 7\u202f336 records/s" in wide


@pytest.mark.parametrize(
    ("without", "gone"),
    [
        ({"knee": None}, 'class="knee"'),
        ({"cpu_model": None}, 'class="line s0"'),
        ({"expected_records_per_s": None}, 'class="expected"'),
    ],
)
def test_what_was_not_found_is_not_drawn(run: Recorded, without: dict[str, Any], gone: str) -> None:
    wide, _ = capacity_chart(changed(run, **without))
    assert gone not in wide


def test_trials_without_figures_are_no_spots(run: Recorded) -> None:
    blind = [
        recorded.Tried(
            content={**one.content, "produce_ms": None, "broker_cpu_cores": {}, "broker_throttled_ratio": {}}
        )
        for one in run.trials
    ]
    bare = Recorded(
        content=run.content, moments=run.moments, trials=tuple(blind), observed=run.observed, steps=run.steps
    )
    wide, _ = capacity_chart(bare)
    assert wide.count("no data") == 3
    assert "–" in section(render_load(bare), "trials")
    assert capacity_chart(Recorded(content={}, moments=(), trials=(), observed=Observed(), steps=())) == []


@pytest.mark.parametrize("draw", [capacity_chart, lambda run: percentile_chart(curves_of(run))])
def test_no_drawing_has_a_place_that_is_none(run: Recorded, draw: Callable[[Recorded], list[str]]) -> None:
    for drawing in draw(run):
        assert not re.search(r'="-?(nan|inf)|[ ,lM](nan|inf)', re.sub(r">[^<]*<", "><", drawing))


def test_latencies_are_drawn_on_a_logarithmic_axis(run: Recorded) -> None:
    wide, _ = load_timeline(run, of_the_load(run), label="all")
    ticks = re.findall(r'class="tick"[^>]*>([^<]*)<', wide)
    assert {"1", "10", "100", "1\u202f000"} <= set(ticks)
    scale = LogScale(low=1, high=100, start=0, end=10)
    assert [scale(value) for value in (0, 1, 10, 100, 1e9)] == [0, 0, 5, 10, 10]


def test_the_page_of_a_long_run_stays_small(html: str) -> None:
    assert len(html.encode()) < 400_000
