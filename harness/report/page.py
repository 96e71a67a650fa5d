"""The page: what the HTML report says, read from a certificate and handed to the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.certificate import REHEARSAL, Certificate, ClauseResult
from harness.certificate_reader import read_certificate
from harness.claims import Claim
from harness.evidence import Event, Evidence
from harness.report import figures
from harness.report.figures import Figure
from harness.report.machine import pace_words
from harness.report.offsets import OffsetPicture, offset_picture
from harness.report.overview import run_timeline
from harness.report.timeline import budgets_s, clause_timeline, worst_window
from harness.report.words import (
    NOT_RUN,
    VERDICTS,
    VerdictWords,
    family_name,
    headline,
    rerun_command,
    verdicts_in,
    words_of,
)
from harness.verdict import Finding, Judgement, Verdict

_FOLDER = Path(__file__).parent
_KEY_FIGURES = 2
_KEY_FIGURE_LENGTH = 36
_EVENTS_SHOWN = 200
_FINDINGS_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class EventLine:
    """One event as a line of text: when, what kind, what."""

    after: str
    clock: str
    kind: str
    what: str


@dataclass(frozen=True, kw_only=True)
class ShownFinding:
    """One finding, its evidence as text, and the offsets around it where its evidence has a picture of them."""

    anomaly: str
    what: str
    evidence: str
    picture: OffsetPicture | None


@dataclass(frozen=True, kw_only=True)
class ShownJudgement:
    """What one checker said."""

    checker: str
    verdict: VerdictWords
    reason: str
    measured: Sequence[Figure]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One claim in the table of its family; it has a fold of its own unless it did not run."""

    id: str
    sentence: str
    verdict: VerdictWords
    took: str
    key_figures: Sequence[str]
    has_fold: bool


@dataclass(frozen=True, kw_only=True)
class Family:
    """The claims of one family, with their counts in words."""

    code: str
    name: str
    counts: str
    took: str
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Everything about one clause that ran."""

    id: str
    sentence: str
    verdict: VerdictWords
    reason: str
    protocol: Sequence[str]
    level: str
    took: str
    began: str
    pace: str
    is_open: bool
    judgements: Sequence[ShownJudgement]
    findings: Sequence[ShownFinding]
    findings_left_out: int
    facts: Sequence[Figure]
    timelines: Sequence[Markup]
    events: Sequence[EventLine]
    events_left_out: int


def render_html(certificate: Mapping[str, Any]) -> str:
    """Return the report of a certificate (its JSON form) as one HTML file that needs no other.

    Lone surrogates, which a log line in a strange encoding leaves in a reason, become question marks: a report
    that cannot be written to a file would lose the run.
    """
    read = read_certificate(certificate)
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("page.html.j2").render(_page(read))
    return html.encode("utf-8", "replace").decode("utf-8")


def _page(certificate: Certificate) -> dict[str, object]:
    events = [_event_of(event) for event in certificate.events]
    packages = _mapping(certificate.environment.get("packages"))
    return {
        "css": Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),
        "script": Markup((_FOLDER / "page.js").read_text(encoding="utf-8")),
        "verdict": words_of(certificate),
        "headline": _sentence(headline(certificate)),
        "is_inconclusive": certificate.verdict is Verdict.INCONCLUSIVE,
        "exit_code": int(certificate.exit_code),
        "counts": _counts(certificate),
        "reasons": _reasons(certificate),
        "not_run": certificate.not_run,
        "command": figures.plain(certificate.run.get("command")),
        "rerun": rerun_command(certificate),
        "run_id": figures.plain(certificate.run.get("id")),
        "is_testbed": certificate.environment.get("testbed") is True,
        "is_rehearsal": REHEARSAL in certificate.environment,
        "identity": _identity(certificate),
        "families": _families(certificate),
        "folds": [_fold(clause, certificate=certificate) for clause in certificate.clauses],
        "run_timelines": [Markup(drawing) for drawing in run_timeline(certificate, events=events)],
        "events": _event_lines(events[:_EVENTS_SHOWN], zero_s=0.0, run=certificate.run),
        "events_left_out": max(0, len(events) - _EVENTS_SHOWN),
        "provenance": _provenance(certificate),
        "images": certificate.subject.get("images") or [],
        "packages": [(name, figures.plain(version)) for name, version in sorted(packages.items())],
        "unknown": figures.UNKNOWN,
    }


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _counts(certificate: Certificate) -> list[tuple[VerdictWords, int]]:
    counted = [(VERDICTS[verdict], certificate.count(verdict)) for verdict in verdicts_in(certificate)]
    return [*counted, (NOT_RUN, len(certificate.not_run))]


def _reasons(certificate: Certificate) -> list[tuple[VerdictWords, ClauseResult, str]]:
    """Return what a person must know before anything else: what failed, what could not be judged, what not be tried."""
    return [
        (VERDICTS[verdict], clause, pace_words(clause, certificate))
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED)
        for clause in certificate.clauses
        if clause.verdict is verdict
    ]


def _identity(certificate: Certificate) -> list[tuple[str, str]]:
    run, subject = certificate.run, certificate.subject
    nodes = subject.get("nodes")
    return [
        ("Kafka", figures.plain(subject.get("kafka_version"))),
        ("ZooKeeper", figures.plain(subject.get("zookeeper_version"))),
        ("Kubernetes", figures.plain(subject.get("kubernetes_version"))),
        ("Nodes", f"{len(nodes)}: {figures.plain(nodes)}" if isinstance(nodes, list) and nodes else figures.UNKNOWN),
        ("Cluster UID", figures.plain(subject.get("cluster_uid"))),
        ("Context", figures.plain(subject.get("context"))),
        ("Namespace", figures.plain(subject.get("namespace"))),
        ("Began", figures.moment(run.get("started_at"))),
        ("Ended", figures.moment(run.get("finished_at"))),
        ("Took", _took(run.get("duration_s"))),
        ("Level", figures.plain(run.get("level"))),
        ("Seed", figures.plain(run.get("seed"))),
    ]


def _provenance(certificate: Certificate) -> list[tuple[str, str]]:
    run, environment = certificate.run, certificate.environment
    machine = _mapping(environment.get("machine"))
    memory = machine.get("memory_bytes")
    return [
        ("Document", figures.plain(run.get("document"))),
        ("Document SHA-256", figures.plain(run.get("document_sha256"))),
        ("Manifests", figures.plain(run.get("manifests"))),
        ("Manifests SHA-256", figures.plain(run.get("manifests_sha256"))),
        ("Harness", figures.plain(environment.get("harness_version"))),
        ("Python", figures.plain(environment.get("python_version"))),
        ("Machine: CPUs", figures.plain(machine.get("cpus"))),
        ("Machine: memory", figures.size(memory) if isinstance(memory, int | float) else figures.UNKNOWN),
        ("Machine: kernel", figures.plain(machine.get("kernel"))),
        ("Embedded testbed", figures.plain(environment.get("testbed"))),
        *([("Rehearsal", figures.plain(environment[REHEARSAL]))] if REHEARSAL in environment else []),
    ]


def _families(certificate: Certificate) -> list[Family]:
    """Group all claims, those that did not run too, in the order in which their families first appear."""
    ran = [(clause.claim.family, _row(clause), clause.duration_s) for clause in certificate.clauses]
    waiting = [(claim.family, _row_not_run(claim), 0.0) for claim in certificate.not_run]
    order = list(dict.fromkeys(family for family, _, _ in [*ran, *waiting]))
    ordered = sorted([*ran, *waiting], key=lambda item: (order.index(item[0]), item[1].id))
    return [_family(code, list(group)) for code, group in groupby(ordered, key=lambda item: item[0])]


def _family(code: str, items: Sequence[tuple[str, Row, float]]) -> Family:
    rows = [row for _, row, _ in items]
    words = [*VERDICTS.values(), NOT_RUN]
    counts = [(sum(row.verdict is word for row in rows), word) for word in words]
    return Family(
        code=code,
        name=family_name(code),
        counts=", ".join(f"{count} {word.name}" for count, word in counts if count),
        took=figures.duration(sum(duration_s for _, _, duration_s in items)) if any(r.has_fold for r in rows) else "–",
        rows=rows,
    )


def _row(clause: ClauseResult) -> Row:
    return Row(
        id=clause.claim.id,
        sentence=clause.claim.sentence,
        verdict=VERDICTS[clause.verdict],
        took=figures.duration(clause.duration_s),
        key_figures=_key_figures(clause.evidence),
        has_fold=True,
    )


def _row_not_run(claim: Claim) -> Row:
    return Row(id=claim.id, sentence=claim.sentence, verdict=NOT_RUN, took="–", key_figures=(), has_fold=False)


def _key_figures(evidence: Evidence) -> list[str]:
    """Return the worst window, or else the first figures that were measured or found, to tell runs apart by."""
    worst = worst_window(evidence)
    if worst is not None:
        limit = budgets_s(evidence).get(worst.operation)
        allowed = f" of {figures.seconds(limit)}" if limit is not None else ""
        return [f"worst window {figures.seconds(worst.length_s)}{allowed}, {worst.key}"]
    named = [
        *(item for judgement in evidence.judgements for item in judgement.measured.items()),
        *evidence.facts.items(),
    ]
    shown = (figures.figure(name, value) for name, value in named if isinstance(value, int | float | str))
    short = [f"{figure.name} {figure.text}" for figure in shown if not figure.is_block]
    return [text for text in short if len(text) <= _KEY_FIGURE_LENGTH][:_KEY_FIGURES]


def _fold(clause: ClauseResult, *, certificate: Certificate) -> Fold:
    evidence, claim, run = clause.evidence, clause.claim, certificate.run
    at = figures.clock(run.get("started_at"), clause.started_s)
    findings = [finding for judgement in evidence.judgements for finding in judgement.findings]
    drawings = clause_timeline(evidence, zero_s=clause.started_s, label=f"Timeline of {claim.id}: {claim.sentence}")
    return Fold(
        id=claim.id,
        sentence=claim.sentence,
        verdict=VERDICTS[clause.verdict],
        reason=clause.reason,
        protocol=[" ".join(paragraph.split()) for paragraph in claim.protocol.split("\n\n") if paragraph.strip()],
        level=claim.level.value,
        took=figures.duration(clause.duration_s),
        began=f"{figures.duration(clause.started_s)} into the run{f', at {at}' if at else ''}",
        pace=pace_words(clause, certificate),
        is_open=clause.verdict is not Verdict.PASS,
        judgements=[_judgement(judgement) for judgement in evidence.judgements],
        findings=[_finding(finding, zero_s=clause.started_s) for finding in findings[:_FINDINGS_SHOWN]],
        findings_left_out=max(0, len(findings) - _FINDINGS_SHOWN),
        facts=figures.figures(evidence.facts),
        timelines=[Markup(drawing) for drawing in drawings],
        events=_event_lines(evidence.events[:_EVENTS_SHOWN], zero_s=clause.started_s, run=run),
        events_left_out=max(0, len(evidence.events) - _EVENTS_SHOWN),
    )


def _judgement(judgement: Judgement) -> ShownJudgement:
    return ShownJudgement(
        checker=judgement.checker,
        verdict=VERDICTS[judgement.verdict],
        reason=judgement.reason,
        measured=figures.figures(judgement.measured),
    )


def _finding(finding: Finding, *, zero_s: float) -> ShownFinding:
    picture = offset_picture(finding.evidence.get("picture"), zero_s=zero_s)
    shown = {name: part for name, part in finding.evidence.items() if picture is None or name != "picture"}
    return ShownFinding(
        anomaly=finding.anomaly, what=finding.what, evidence=figures.pretty(shown) if shown else "", picture=picture
    )


def _event_of(event: Mapping[str, Any]) -> Event:
    return Event(time_s=event["time_s"], kind=event["kind"], what=event["what"])


def _event_lines(events: Iterable[Event], *, zero_s: float, run: Mapping[str, object]) -> list[EventLine]:
    return [
        EventLine(
            after=f"{event.time_s - zero_s:.2f} s",
            clock=figures.clock(run.get("started_at"), event.time_s),
            kind=event.kind,
            what=event.what,
        )
        for event in events
    ]


def _took(value: object) -> str:
    return figures.duration(value) if isinstance(value, int | float) else figures.UNKNOWN


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
