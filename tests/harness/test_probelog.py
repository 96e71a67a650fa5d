"""The probe log: what was written is read again, and the sends of a history are probes, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.ops import Op, OpType
from harness.probelog import HEADER, Probe, append, of_sends, read
from harness.services import Service


def probe(*, error: str | None = None) -> Probe:
    return Probe(service=Service.ADMIN, key="controller", intended_ns=1, begun_ns=3, ended_ns=9, error=error)


def test_what_is_written_is_read_again_without_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    path.write_text(HEADER, encoding="utf-8")
    append(path, [probe(), probe(error="NotControllerError")])
    with path.open("a", encoding="utf-8") as file:
        file.write(probe().as_line()[:-1])
    assert list(read(path)) == [probe(), probe(error="NotControllerError")]
    assert probe().lateness_ns == 2


def test_a_file_that_is_no_probe_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    path.write_text('{"format":"another/1"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="does not begin with"):
        list(read(path))


def send(index: int, type: OpType, value: object, **extra: object) -> Op:
    return Op(index, index * 10, 0, type, "send", [["send", "t-0", value]], extra)


def test_only_acknowledged_sends_were_served_and_only_paced_ones_are_probes() -> None:
    ops = [
        send(0, OpType.INVOKE, "0:0", intended=0),
        send(1, OpType.INVOKE, "0:1", intended=5),
        send(2, OpType.INVOKE, "0:2", intended=15),
        send(3, OpType.INVOKE, "not paced"),
        send(4, OpType.OK, [7, "0:0"]),
        send(5, OpType.INFO, "0:1", error="_TIMED_OUT"),
        send(6, OpType.OK, [8, "not paced"]),
    ]
    assert [(one.intended_ns, one.begun_ns, one.ended_ns, one.error) for one in of_sends(ops)] == [
        (0, 0, 40, None),
        (5, 10, 50, "_TIMED_OUT"),
        (15, 20, 60, "never ended"),
    ]
