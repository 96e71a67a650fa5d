"""A certificate names what belongs to the project alike on every machine."""

from __future__ import annotations

from pathlib import Path

from harness.publication import ROOT, shown


def test_a_file_of_the_project_is_named_from_its_root() -> None:
    assert shown(ROOT / "spec" / "kafka.md") == "spec/kafka.md"


def test_any_other_file_is_named_in_full(tmp_path: Path) -> None:
    for path in (tmp_path / "kafka.md", Path("elsewhere/kafka.md")):
        assert shown(path) == str(path)
