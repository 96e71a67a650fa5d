"""The follower: each frame once, of every engine, whenever it starts, and only when its line is whole."""

from __future__ import annotations

from pathlib import Path

from harness.measuring import pace
from harness.measuring.follower import Follower
from harness.measuring.pace import Step
from harness.measuring.trace import TraceWriter
from tests.load.samples import consumed, good_ledgers, produced


def test_frames_are_given_once_and_ledgers_kept(tmp_path: Path) -> None:
    follower = Follower(folder=tmp_path)
    assert follower.new_frames() == ()
    (entry, _) = good_ledgers()
    with (tmp_path / "producer-0.jsonl").open("w", encoding="utf-8") as file:
        trace = TraceWriter(file)
        trace.frame(produced(0))
        assert follower.new_frames() == (produced(0),)
        assert follower.new_frames() == ()
        trace.frame(produced(1))
        trace.ledger(entry)
        assert follower.new_frames() == (produced(1),)
    assert follower.ledgers == {"producer-0": entry}


def test_an_engine_that_starts_later_on_another_worker_is_followed_too(tmp_path: Path) -> None:
    follower = Follower(folder=tmp_path)
    follower.new_frames()
    (tmp_path / "worker-1").mkdir()
    with (tmp_path / "worker-1" / "consumer-0.jsonl").open("w", encoding="utf-8") as file:
        TraceWriter(file).frame(consumed(0))
        assert follower.new_frames() == (consumed(0),)


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    follower, path = Follower(folder=tmp_path), tmp_path / "producer-0.jsonl"
    with path.open("w", encoding="utf-8") as file:
        TraceWriter(file).frame(produced(0))
    line = path.read_text(encoding="utf-8")
    path.write_text(line[:50], encoding="utf-8")
    assert follower.new_frames() == ()
    path.write_text(line, encoding="utf-8")
    assert follower.new_frames() == (produced(0),)


def test_what_is_no_trace_of_an_engine_is_left_alone(tmp_path: Path) -> None:
    pace.append(tmp_path, Step(from_ns=0, rate_hz=1))
    (tmp_path / "observed.jsonl").write_text("not even JSON\n", encoding="utf-8")
    assert Follower(folder=tmp_path).new_frames() == ()
