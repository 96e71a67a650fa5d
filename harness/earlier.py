"""The earlier load: the last one of the same profile that sufficed, or the one that is named, to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.checkers.load.sufficiency import Earlier, Sufficiency
from harness.errors import UsageError
from harness.load_document import profile_as_json
from harness.measuring.plan import Profile
from harness.measuring.recorded import RESULT, SCHEMA


def last_of(profile: Profile, *, reports: Path, run: str | None, is_testbed: bool) -> Earlier | None:
    """Return the load to compare with; None when there was none.

    Only what is alike is compared on its own: the same name and plan, on the same kind of cluster. The traffic may
    differ in how records are sent, which is what a drift may come from. A run that the user names is taken as it is.
    """
    if run is not None:
        return _named(run, reports=reports)
    for path in sorted(reports.glob(f"*/{RESULT}"), reverse=True):
        content = _read(path)
        if content is not None and _is_alike(content, profile, is_testbed=is_testbed):
            return _earlier(content)
    return None


def _named(run: str, *, reports: Path) -> Earlier:
    for path in (Path(run) / RESULT, reports / run / RESULT, Path(run)):
        content = _read(path) if path.is_file() else None
        if content is not None and content["knee"] is not None:
            return _earlier(content)
    raise UsageError(
        f"there is no load run {run!r} that found a knee", remedy=f"name the folder of one, as they are in {reports}"
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("schema") == SCHEMA else None


def _is_alike(content: dict[str, Any], profile: Profile, *, is_testbed: bool) -> bool:
    now = profile_as_json(profile)
    return (
        content["verdict"] == Sufficiency.SUFFICIENT.value
        and content["knee"] is not None
        and content["environment"]["testbed"] == is_testbed
        and all(content["profile"][part] == now[part] for part in ("name", "plan", "objectives"))
    )


def _earlier(content: dict[str, Any]) -> Earlier:
    return Earlier(run_id=content["run_id"], repeats=tuple(content["knee"]["repeats"]))
