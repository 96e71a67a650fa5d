"""The probe log: what was written is read again, while it is written, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.probelog import HEADER, Follower, Probe
from harness.services import Service


def probe(*, error: str | None = None) -> Probe:
    return Probe(service=Service.ADMIN, key="controller", intended_ns=1, begun_ns=3, ended_ns=9, error=error)


def test_what_is_written_is_read_once_and_a_line_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    log = Follower(path)
    assert log.more() == []
    line = probe().as_line()
    path.write_text(HEADER + line + line[:5], encoding="utf-8")
    assert log.more() == [probe()]
    with path.open("a", encoding="utf-8") as file:
        file.write(line[5:] + probe(error="NotControllerError").as_line() + line[:-1])
    assert log.more() == [probe(), probe(error="NotControllerError")]
    assert log.more() == []
    assert probe().lateness_ns == 2


def test_a_file_that_is_no_probe_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    path.write_text('{"format":"another/1"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="does not begin with"):
        Follower(path).more()
