"""The files of a partition are read as they are; a folder that cannot be looked at is not an empty one."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import testinfra

from harness.checkers.segments import SegmentFile, deleted_names, log_bytes
from harness.cluster.pods import Cluster
from harness.cluster.segments import files_of
from harness.verdict import Inconclusive


class HereInstead:
    """Stands in for a cluster: inside every pod is this machine."""

    def inside(self, pod: str) -> object:
        del pod
        return testinfra.get_host("local://")


def look(folder: Path) -> tuple[SegmentFile, ...]:
    return files_of(cast(Cluster, HereInstead()), "kafka-0", str(folder))


def test_files_have_their_names_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000000.log").write_bytes(b"x" * 700)
    (tmp_path / "00000000000000000000.index").write_bytes(b"")
    (tmp_path / "00000000000000000001.log.deleted").write_bytes(b"x" * 300)
    found = look(tmp_path)
    assert len(found) == 3
    assert log_bytes(found) == 700
    assert deleted_names(found) == ("00000000000000000001.log.deleted",)


def test_a_folder_without_files_is_empty(tmp_path: Path) -> None:
    assert look(tmp_path) == ()


def test_a_folder_that_is_not_there_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(Inconclusive, match="cannot be looked at"):
        look(tmp_path / "no such")
