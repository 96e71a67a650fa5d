"""The page of a load run: what its folder holds, as one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.charts import number
from harness.measuring import recorded
from harness.measuring.drift import Comparison, Figure, compare
from harness.measuring.plan import Purpose
from harness.measuring.recorded import Recorded, Tried
from harness.report import figures
from harness.report.load_curves import capacity_chart, curves_of, percentile_chart
from harness.report.load_series import of_the_load, of_the_rest
from harness.report.load_timeline import events_of, load_timeline
from harness.report.page import EventLine
from harness.report.words import DIFFERENCES, SUFFICIENCY, VERDICTS, VerdictWords
from harness.verdict import Verdict

NAME = "load.html"
_FOLDER = Path(__file__).parent
_NONE = "–"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One of the figures that come first: its name, its value, and what must be known with it."""

    name: str
    value: str
    more: str


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One trial in the table; a warm-up has no verdict, and what was carried needs no reason."""

    number: int
    purpose: str
    words: VerdictWords | None
    cells: Sequence[str]
    why: str


@dataclass(frozen=True, kw_only=True)
class ComparedRow:
    """One figure of two runs."""

    name: str
    before: str
    after: str
    why: str
    words: VerdictWords


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What a comparison with an earlier run says."""

    before: str
    words: VerdictWords
    reason: str
    rows: Sequence[ComparedRow]


def render(folder: Path, *, against: Path | None = None) -> Path:
    """Write the page of a run into its folder, compared with another run if one is given, and return its path."""
    run = recorded.read(folder)
    earlier = recorded.read(against) if against is not None else None
    return write(run, folder, earlier=earlier)


def write(run: Recorded, folder: Path, *, earlier: Recorded | None = None) -> Path:
    """Write the page of a run that has been read already."""
    path = folder / NAME
    path.write_text(render_load(run, earlier=earlier), encoding="utf-8")
    return path


def render_load(run: Recorded, *, earlier: Recorded | None = None) -> str:
    """Return the page; lone surrogates in what a cluster said become question marks."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    comparison = compare(earlier.measured(), run.measured()) if earlier is not None else None
    html = environment.get_template("load.html.j2").render(_page(run, comparison))
    return html.encode("utf-8", "replace").decode("utf-8")


def _page(run: Recorded, comparison: Comparison | None) -> dict[str, object]:
    content, profile = run.content, run.content["profile"]
    label = f"Rate, latency, lag, CPU and throttling of {profile['name']} on the time axis of the run, with its trials"
    return {
        "css": Markup("".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "load.css"))),
        "verdict": SUFFICIENCY[content["verdict"]],
        "is_inconclusive": content["verdict"] == "INCONCLUSIVE",
        "is_testbed": content.get("environment", {}).get("testbed") is True,
        "profile": profile["name"],
        "what": profile["what"],
        "run_id": run.run_id,
        "reason": _sentence(content["reason"]),
        "facts": list(_facts(run)),
        "identity": _identity(content),
        "command": figures.plain(content.get("command")),
        "comparison": _compared(comparison) if comparison else None,
        "timeline": [Markup(drawing) for drawing in load_timeline(run, of_the_load(run), label=label)],
        "rest": [Markup(drawing) for drawing in load_timeline(run, of_the_rest(run), label=_REST)],
        "events": list(_events(run)),
        "percentiles": [Markup(drawing) for drawing in percentile_chart(curves_of(run))],
        "capacity": [Markup(drawing) for drawing in capacity_chart(run)],
        "model": _model(content["cpu_model"]),
        "sizing": content.get("sizing", []),
        "trials": [_trial(tried) for tried in run.trials],
        "judgements": [_judgement(judgement) for judgement in content["judgements"]],
        "parts": [(name, figures.figures(profile[name])) for name in ("traffic", "plan", "objectives", "generator")],
        "unknown": figures.UNKNOWN,
    }


_REST = "Memory, network, disk, replicas and the generator on the time axis of the run"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _facts(run: Recorded) -> Iterator[Fact]:
    content, knee = run.content, run.content["knee"]
    word = (
        "reading a backlog" if any(tried.content["purpose"] == Purpose.DRAIN.value for tried in run.trials) else "knee"
    )
    if knee:
        repeats = ", ".join(number(round(value)) for value in knee["repeats"])
        open_between = f"{number(round(knee['low']))} to {number(round(knee['high']))}"
        sure = f"{knee['confidence']:.0%}: {open_between}" if knee["low"] > 0 else "its repeats do not agree"
        yield Fact(
            name=f"{word}, {knee['mb_per_s']:.2f} MB/s",
            value=f"{number(round(knee['records_per_s']))} /s",
            more=f"{sure}; repeats {repeats}",
        )
    else:
        yield Fact(name=word, value="none found", more=_held(run))
    yield Fact(name="limiting resource", value=content["limiting_resource"], more="named only if it was seen full")
    headroom, expected = content["headroom_ratio"], content["expected_records_per_s"]
    yield Fact(
        name="headroom",
        value=figures.UNKNOWN if headroom is None else f"{100 * headroom:+.0f} %",
        more="no rate is expected yet" if expected is None else f"over the {number(expected)} /s that are expected",
    )
    hours = content["hours_to_full_disk"]
    is_carried = any(tried.is_carried for tried in run.trials[-1:])
    yield Fact(
        name="a broker's volume is full after",
        value=f"{number(float(f'{hours:.2g}'))} h" if hours is not None else "never" if is_carried else figures.UNKNOWN,
        more="at the carried rate" if hours is not None or not is_carried else "retention deletes first",
    )


def _held(run: Recorded) -> str:
    carried = [tried.rate_hz for tried in run.trials if tried.is_carried]
    return f"{number(round(max(carried)))} /s were carried in a trial" if carried else "no trial was carried"


def _identity(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    subject, machine = content.get("subject", {}), content.get("environment", {}).get("machine", {})
    traffic = content["profile"]["traffic"]
    readers = f"{traffic['groups']} × {traffic['consumers']}" if traffic["groups"] else "none"
    return [
        ("Kafka", figures.plain(subject.get("kafka_version"))),
        ("Kubernetes", figures.plain(subject.get("kubernetes_version"))),
        ("Context", figures.plain(subject.get("context"))),
        ("Load made on", f"{figures.plain(machine.get('cpus'))} CPUs"),
        ("Producers", figures.plain(traffic["producers"])),
        ("Groups × consumers", readers),
        ("Partitions × replicas", f"{traffic['partitions']} × {traffic['replication_factor']}"),
        ("Record", f"{number(traffic['records']['value_bytes'])} bytes, acks {traffic['sending']['acks']}"),
        ("Began", figures.moment(content.get("started_at"))),
        ("Seed", figures.plain(content.get("seed"))),
        ("Compression", figures.plain(traffic["sending"]["compression"])),
        ("Idempotent", figures.plain(traffic["sending"]["idempotent"])),
    ]


def _compared(comparison: Comparison) -> Compared:
    return Compared(
        before=comparison.before,
        words=DIFFERENCES[comparison.difference],
        reason=comparison.reason,
        rows=[_compared_row(figure) for figure in comparison.figures],
    )


def _compared_row(figure: Figure) -> ComparedRow:
    return ComparedRow(
        name=figure.name,
        before=amount(figure, figure.before),
        after=amount(figure, figure.after),
        why=figure.why,
        words=DIFFERENCES[figure.difference],
    )


def amount(figure: Figure, value: float | None) -> str:
    """Write one side of a figure with its unit."""
    if value is None:
        return _NONE
    if figure.is_share:
        return f"{100 * value:.1f} %"
    return f"{number(round(value) if value >= 1000 else float(f'{value:.3g}'))} {figure.unit}"


def _events(run: Recorded) -> Iterator[EventLine]:
    zero_s = run.moments[0].second.time_s - 1 if run.moments else 0.0
    for event in events_of(run):
        yield EventLine(
            after=f"{event.time_s - zero_s:.2f} s",
            clock=figures.clock(run.content.get("started_at"), event.time_s),
            kind=event.kind,
            what=event.what,
        )


def _model(model: Mapping[str, Any] | None) -> str:
    """Say what the CPU model foretells, and how well it fits: one that fits badly foretells nothing."""
    if model is None:
        return ""
    by_records = model["cores_per_1000_records"]
    records = f" {_plus(by_records)} · 1000 records/s" if by_records is not None else ""
    formula = f"CPU model: {number(model['base_cores'])} {_plus(model['cores_per_mb_s'])} · MB/s{records} cores"
    fit = f"R² {model['r2']:.2f}"
    capacity = model["capacity_records_per_s"]
    if capacity is None:
        return f"{formula} ({fit}); no capacity can be read off it."
    quota = number(model["quota_cores"])
    return f"{formula} ({fit}): the limit of {quota} cores would carry {number(round(capacity))} records/s."


def _plus(value: float) -> str:
    return f"{'−' if value < 0 else '+'} {number(abs(value))}"


def _trial(tried: Tried) -> TrialRow:
    content = tried.content
    words = None if tried.is_warm_up else VERDICTS[Verdict(content["verdict"])]
    produce, end_to_end = content["produce_ms"] or {}, content["end_to_end_ms"] or {}
    throttled = content["broker_throttled_ratio"].values()
    return TrialRow(
        number=content["number"],
        purpose=content["purpose"],
        words=words,
        cells=[
            _cell(content["rate_hz"], decimals=0),
            _cell(content["achieved_hz"], decimals=0),
            _cell(content["mb_per_s"], decimals=2),
            *(_cell(produce.get(name), decimals=1) for name in ("p50", "p99", "p99.9")),
            _cell(end_to_end.get("p99"), decimals=1),
            _cell(max(content["broker_cpu_cores"].values(), default=None), decimals=3),
            f"{100 * max(throttled):.0f} %" if throttled else _NONE,
            _cell(content["generator"]["lateness_p99_ms"], decimals=1),
        ],
        why=content["reason"] if words is not None and not tried.is_carried else "",
    )


def _cell(value: float | None, *, decimals: int) -> str:
    return _NONE if value is None else f"{value:,.{decimals}f}".replace(",", "\u202f")


def _judgement(judgement: Mapping[str, Any]) -> dict[str, object]:
    return {
        "checker": judgement["checker"],
        "verdict": VERDICTS[Verdict(judgement["verdict"])],
        "reason": judgement["reason"],
        "measured": figures.figures(judgement["measured"]),
    }
