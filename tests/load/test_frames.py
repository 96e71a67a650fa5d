"""Frames: a sum of frames is the frame of the sum, a trace survives its writer, a silent second is still a second."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measuring import trace
from harness.measuring.frames import Frame, merged
from harness.measuring.meter import Meter
from harness.measuring.trace import TraceWriter
from harness.runclock import NS_PER_S
from tests.load.samples import consumed, good_ledgers, produced

EVENTS = st.lists(st.tuples(st.integers(0, 3 * NS_PER_S), st.integers(0, 5 * NS_PER_S)), max_size=40).map(sorted)


def metered(events: list[tuple[int, int]], *, engine: str) -> list[Frame]:
    """Let a meter count acknowledgements: each at a time, with a latency."""
    frames: list[Frame] = []
    meter = Meter(engine, started_ns=0, sink=frames.append, cpu_s=lambda: 0.0)
    for now_ns, latency_ns in events:
        meter.acknowledged(now_ns=now_ns, intended_ns=np.array([now_ns - latency_ns]), size=10)
    meter.roll(4 * NS_PER_S)
    return frames


def by_second(frames: list[Frame]) -> tuple[Frame, ...]:
    """Merge the frames of all engines second by second, in order."""
    seconds: dict[int, list[Frame]] = {}
    for frame in frames:
        seconds.setdefault(frame.started_ns, []).append(frame)
    return tuple(merged(parts) for _, parts in sorted(seconds.items()))


@given(EVENTS, EVENTS)
def test_merged_frames_are_the_frames_of_all_events(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    merged_frames = by_second([*metered(some, engine="a"), *metered(others, engine="b")])
    assert merged_frames == tuple(metered(sorted(some + others), engine="all"))


@given(EVENTS)
def test_a_frame_survives_its_line(events: list[tuple[int, int]]) -> None:
    for frame in metered(events, engine="a"):
        assert Frame.from_json(frame.as_json()) == frame


def test_counters_and_errors_are_summed() -> None:
    total = merged([produced(0, failed=2), produced(0, failed=3), consumed(0)])
    assert (total.sent, total.failed, total.consumed) == (2000, 5, 1000)
    assert total.errors == {"_TIMED_OUT": 5}
    assert total.latency.count == 2005


def test_a_sum_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no frames"):
        merged([])


def test_a_second_without_events_has_its_frame() -> None:
    frames = metered([(int(2.5 * NS_PER_S), 0)], engine="a")
    assert [frame.acknowledged for frame in frames] == [0, 0, 1, 0]
    assert [frame.started_ns for frame in frames] == [second * NS_PER_S for second in range(4)]


def test_cpu_time_is_that_of_the_second() -> None:
    frames: list[Frame] = []
    spent = iter([1.0, 1.25, 1.75])
    meter = Meter("a", started_ns=0, sink=frames.append, cpu_s=lambda: next(spent))
    meter.roll(2 * NS_PER_S)
    assert [frame.cpu_s for frame in frames] == [0.25, 0.5]


def test_a_trace_is_read_back(tmp_path: Path) -> None:
    file = io.StringIO()
    writer = TraceWriter(file)
    writer.frame(produced(0))
    for entry in good_ledgers():
        writer.ledger(entry)
    (tmp_path / "a.jsonl").write_text(file.getvalue() + '{"frame": {"engine": "cut o', encoding="utf-8")
    read = trace.read(tmp_path)
    assert read.frames == (produced(0),)
    assert read.ledgers == good_ledgers()
