"""Resumption: a run that was interrupted goes on where it stopped; what was judged by then is not judged again.

Each result is written to the report's folder as soon as it is there, so that nothing but the clause at work is lost,
whatever ends the run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from harness.certificate import ClauseResult
from harness.certificate_reader import read_clause
from harness.errors import UsageError
from harness.reproduction import sha256_of
from harness.run import Settings
from harness.verdict import Verdict

FILE = "results.jsonl"


def note(result: ClauseResult, folder: Path) -> None:
    """Append a result to the folder of its run; it is on the disk when this returns."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(result.as_json(), default=str) + "\n")
        file.flush()
        os.fsync(file.fileno())


def earlier_results(folder: Path) -> tuple[ClauseResult, ...]:
    """Return what an interrupted run had judged: PASS and FAIL, the last word on each clause.

    What it could not judge or try is left out, so that it is tried again; a FAIL is not, or going on would be a retry
    that hides it. A last line that was cut off is left out.
    """
    whole, _, _ = (folder / FILE).read_text(encoding="utf-8").rpartition("\n")
    found = [read_clause(json.loads(line)) for line in whole.splitlines()]
    last = {result.claim.id: result for result in found}
    return tuple(result for result in last.values() if result.verdict in (Verdict.PASS, Verdict.FAIL))


def find(run: str, *, reports: Path) -> Path:
    """Return the folder of an interrupted run, given its id or its folder; raise UsageError when there is nothing."""
    for folder in (Path(run), reports / run):
        if (folder / FILE).is_file() and (folder / "settings.json").is_file():
            return folder.resolve()
    known = sorted(path.parent.name for path in reports.glob(f"*/{FILE}"))
    raise UsageError(
        f"there is no run {run!r} to resume",
        remedy=f"name one of {', '.join(known[-5:])}" if known else f"no run in {reports} has judged anything yet",
    )


def require_same_subject(before: Settings, now: Settings) -> None:
    """Raise UsageError unless both runs certify the same thing in the same way; else their results do not add up."""
    differences = [f"{what} {old} then, {new} now" for what, (old, new) in _subjects(before, now).items() if old != new]
    if differences:
        raise UsageError(
            f"run {before.run_id} certified something else: {'; '.join(differences)}",
            remedy="resume it as it was started, or start a new run",
        )


def _subjects(before: Settings, now: Settings) -> Mapping[str, tuple[object, object]]:
    return {
        "level": (before.level.value, now.level.value),
        "namespace": (before.namespace, now.namespace),
        "cluster": (before.is_rehearsal, now.is_rehearsal),
        "planted bug": (before.planted, now.planted),
        "testbed": (before.target.is_testbed, now.target.is_testbed),
        "manifests": (before.manifests().sha256, now.manifests().sha256),
        "document": (sha256_of(before.document), sha256_of(now.document)),
    }
