"""The end of a pace: whoever sets it says so once, and everybody can see it."""

from __future__ import annotations

from pathlib import Path

from harness.measuring import pace


def test_a_pace_is_finished_when_its_setter_says_so_and_not_before(tmp_path: Path) -> None:
    assert not pace.is_finished(tmp_path)
    pace.finish(tmp_path)
    pace.finish(tmp_path)
    assert pace.is_finished(tmp_path)
