"""The sizing file: the shipped one is usable, and each mistake in one is named before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import sizing
from harness.document import read as read_document
from harness.errors import UsageError
from tests.load.samples import SIZING


def test_the_shipped_file_is_usable_and_fits_the_documented_disk() -> None:
    plan = sizing.read()
    assert plan.trial.duration_s <= 75, "the gate has about a minute for it"
    assert plan.bytes_per_broker < 0.1 * read_document().kafka.storage_bytes


def test_a_broker_stores_every_record_once() -> None:
    assert SIZING.bytes_per_broker == 1000 * 12 * 1024


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("records_per_s", "record_per_s", "records_per_s is missing"),
        ("drain_s:", "drain_ms: 1\n  drain_s:", "drain_ms is unknown"),
        ("partitions: ", "partitions: -", "expected a whole number above 0"),
        ("record_bytes: 1024", "record_bytes: many", "record_bytes is 'many'"),
        ("record_bytes: 1024", "record_bytes: true", "record_bytes is True"),
        ("objectives:", "objective:", "expected the sections"),
        ("objectives:", "objectives", "is not a usable sizing file"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = sizing.DEFAULT_PATH.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "sizing.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        sizing.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        sizing.read(tmp_path / "nowhere.yaml")
