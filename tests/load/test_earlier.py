"""The earlier load: the last that is alike and sufficed, or the one that is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import profiles
from harness.earlier import last_of
from harness.errors import UsageError
from harness.load_document import profile_as_json
from harness.measuring.recorded import OBSERVED

PROFILE = profiles.find("end-to-end")


def report(folder: Path, run_id: str, **changes: Any) -> None:
    """Write the load.json of a run that sufficed."""
    content = {
        "schema": "greenfield-load/1",
        "run_id": run_id,
        "verdict": "SUFFICIENT",
        "profile": json.loads(json.dumps(profile_as_json(PROFILE))),
        "environment": {"testbed": True},
    }
    (folder / run_id / "load").mkdir(parents=True)
    (folder / run_id / "load" / OBSERVED).touch()
    (folder / run_id / "load.json").write_text(json.dumps({**content, **changes}), encoding="utf-8")


def found(folder: Path, run: str | None = None) -> str | None:
    earlier = last_of(PROFILE, reports=folder, run=run, is_testbed=True)
    return earlier.name if earlier else None


def test_the_last_run_of_the_profile_is_found(tmp_path: Path) -> None:
    assert found(tmp_path) is None
    report(tmp_path, "run-1")
    report(tmp_path, "run-2")
    assert found(tmp_path) == "run-2"


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "INSUFFICIENT"},
        {"environment": {"testbed": False}},
        {"profile": profile_as_json(profiles.find("produce-max"))},
        {"schema": "another/1"},
    ],
)
def test_what_is_not_alike_is_passed_over(tmp_path: Path, changes: dict[str, Any]) -> None:
    report(tmp_path, "run-1")
    report(tmp_path, "run-2", **changes)
    assert found(tmp_path) == "run-1"


def test_a_broken_report_is_passed_over(tmp_path: Path) -> None:
    report(tmp_path, "run-1")
    report(tmp_path, "run-2")
    (tmp_path / "run-2" / "load.json").write_text("{", encoding="utf-8")
    assert found(tmp_path) == "run-1"


def test_the_named_run_is_taken_as_it_is(tmp_path: Path) -> None:
    report(tmp_path, "run-1", verdict="INSUFFICIENT")
    report(tmp_path, "run-2")
    assert found(tmp_path, "run-1") == "run-1"
    assert found(tmp_path, str(tmp_path / "run-1")) == "run-1"
    with pytest.raises(UsageError, match="there is no load run 'run-3'"):
        found(tmp_path, "run-3")


def test_a_run_that_did_not_keep_what_was_observed_cannot_be_compared_with(tmp_path: Path) -> None:
    report(tmp_path, "run-1")
    report(tmp_path, "run-2")
    (tmp_path / "run-2" / "load" / OBSERVED).unlink()
    assert found(tmp_path) == "run-1"
    with pytest.raises(UsageError, match="run-2 holds no load that can be compared with"):
        found(tmp_path, "run-2")
