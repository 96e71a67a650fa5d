"""The earlier load: the last one of the same profile that sufficed, or the one that is named, to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness import load_report
from harness.checkers.load.sufficiency import Sufficiency
from harness.errors import UsageError
from harness.load_document import profile_as_json
from harness.measuring.plan import Profile
from harness.measuring.recorded import RESULT, SCHEMA


def last_of(profile: Profile, *, reports: Path, run: str | None, is_testbed: bool) -> Path | None:
    """Return the folder of the load to compare with; None when there was none.

    Only what is alike is compared on its own: the same name and plan, on the same kind of cluster. The traffic may
    differ in how records are sent, which is what a drift may come from. A run that the user names is taken as it is.
    """
    if run is not None:
        folder = load_report.find(run, reports=reports)
        if not load_report.is_comparable(folder):
            raise UsageError(f"{folder} holds no load that can be compared with", remedy="name another run")
        return folder
    for path in sorted(reports.glob(f"*/{RESULT}"), reverse=True):
        content = _read(path)
        if content is None or not load_report.is_comparable(path.parent):
            continue
        if _is_alike(content, profile, is_testbed=is_testbed):
            return path.parent
    return None


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
        and content["environment"]["testbed"] == is_testbed
        and all(content["profile"][part] == now[part] for part in ("name", "plan", "objectives"))
    )
