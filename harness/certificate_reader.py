"""The certificate read back: from its JSON form to the objects that wrote it.

Reports are made from these objects, so an old `certificate.json` and a run that has just ended are shown by the
same code. What was left out of the JSON form (the protocol of a claim that did not run) stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.certificate import SCHEMA, Certificate, ClauseResult
from harness.claims import Claim, Level
from harness.errors import UsageError
from harness.evidence import Event, Evidence, Series, Window
from harness.verdict import Finding, Judgement, Verdict

_REMEDY = "give the certificate.json as the run wrote it, or make it again with a new run"


def read_certificate(data: Mapping[str, Any]) -> Certificate:
    """Return the certificate whose `as_json()` is `data`; refuse another schema and one that contradicts itself."""
    if data.get("schema") != SCHEMA:
        raise UsageError(f"got a certificate of schema {data.get('schema')!r}, expected {SCHEMA!r}", remedy=_REMEDY)
    try:
        certificate = _certificate(data)
    except (AttributeError, KeyError, TypeError, ValueError) as broken:
        raise UsageError(f"the certificate cannot be read, {type(broken).__name__}: {broken}", remedy=_REMEDY) from None
    if data["verdict"] != certificate.verdict.value:
        raise UsageError(
            f"the certificate says {data['verdict']!r}, but its clauses say {certificate.verdict.value}",
            remedy=_REMEDY,
        )
    return certificate


def _certificate(data: Mapping[str, Any]) -> Certificate:
    level = Level(data["run"]["level"])
    return Certificate(
        run=dict(data["run"]),
        subject=dict(data["subject"]),
        environment=dict(data["environment"]),
        clauses=tuple(read_clause(clause) for clause in data["clauses"]),
        not_run=tuple(
            Claim(id=claim["id"], sentence=claim["sentence"], protocol="", level=level) for claim in data["not_run"]
        ),
        events=tuple(_event(event).as_json() for event in data["events"]),
    )


def read_clause(data: Mapping[str, Any]) -> ClauseResult:
    """Return the result whose `as_json()` is `data`; a missing or strange field raises KeyError or the like."""
    return ClauseResult(
        claim=Claim(id=data["id"], sentence=data["sentence"], protocol=data["protocol"], level=Level(data["level"])),
        verdict=Verdict(data["verdict"]),
        reason=data["reason"],
        started_s=float(data["started_s"]),
        duration_s=float(data["duration_s"]),
        evidence=Evidence(
            facts=dict(data["facts"]),
            judgements=[_judgement(judgement) for judgement in data["judgements"]],
            events=[_event(event) for event in data["events"]],
            windows=[_window(window) for window in data["windows"]],
            series=[_series(series) for series in data["series"]],
        ),
    )


def _judgement(data: Mapping[str, Any]) -> Judgement:
    return Judgement(
        checker=data["checker"],
        verdict=Verdict(data["verdict"]),
        reason=data["reason"],
        findings=tuple(
            Finding(anomaly=finding["anomaly"], what=finding["what"], evidence=dict(finding["evidence"]))
            for finding in data["findings"]
        ),
        measured=dict(data["measured"]),
    )


def _event(data: Mapping[str, Any]) -> Event:
    return Event(time_s=float(data["time_s"]), kind=data["kind"], what=data["what"])


def _window(data: Mapping[str, Any]) -> Window:
    return Window(
        key=data["key"], operation=data["operation"], start_s=float(data["start_s"]), end_s=float(data["end_s"])
    )


def _series(data: Mapping[str, Any]) -> Series:
    points = tuple((float(time_s), float(value)) for time_s, value in data["points"])
    return Series(name=data["name"], unit=data["unit"], points=points)
