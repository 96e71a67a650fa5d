"""Publication: the certificate is written as JSON and as a page for people, from one and the same object."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from harness.certificate import REHEARSAL, Certificate
from harness.report import render_html
from harness.reproduction import describe_environment, sha256_of
from harness.run import Run, Settings

ROOT = Path(__file__).parent.parent
UNKNOWN_SUBJECT = dict.fromkeys(
    (
        "cluster_uid",
        "context",
        "namespace",
        "kubernetes_version",
        "nodes",
        "kafka_version",
        "zookeeper_version",
        "images",
    )
)


def publish(run: Run) -> Certificate:
    """Write certificate.json and report.html into the run's folder and return the certificate."""
    certificate = _certificate(run)
    plain = certificate.as_json()
    folder = run.settings.report_dir
    (folder / "certificate.json").write_text(json.dumps(plain, indent=1, default=str), encoding="utf-8")
    (folder / "report.html").write_text(render_html(json.loads(json.dumps(plain, default=str))), encoding="utf-8")
    return certificate


def _certificate(run: Run) -> Certificate:
    settings, finished = run.settings, datetime.now(UTC)
    return Certificate(
        run={
            "id": settings.run_id,
            "started_at": run.started_at.isoformat(timespec="seconds"),
            "finished_at": finished.isoformat(timespec="seconds"),
            "duration_s": round(run.clock.now_s(), 1),
            "seed": settings.seed,
            "level": settings.level.value,
            "command": settings.command,
            "document": shown(settings.document),
            "document_sha256": sha256_of(settings.document),
            "manifests": shown(Path(settings.manifests_source)),
            "manifests_sha256": settings.manifests().sha256,
        },
        subject={**UNKNOWN_SUBJECT, "namespace": settings.namespace, **run.subject},
        environment={
            **describe_environment(is_testbed=settings.target.is_testbed, machine=run.machine),
            **_rehearsal(settings),
        },
        clauses=tuple(run.results),
        not_run=run.not_run,
        events=tuple(event.as_json() for event in run.events),
    )


def shown(path: Path) -> str:
    """Return a path as a certificate has it: what belongs to the project is named alike on every machine."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _rehearsal(settings: Settings) -> dict[str, object]:
    """Say that it was a rehearsal, if it was one."""
    if not settings.is_rehearsal:
        return {}
    bug = f" with the planted bug {settings.planted}" if settings.planted else ""
    return {REHEARSAL: f"clients and faults on an in-memory Kafka{bug}, in virtual time: it certifies nothing"}
