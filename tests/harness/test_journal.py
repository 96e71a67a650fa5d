"""The journal: what was recorded is in the file at once, in order, and is read back."""

from __future__ import annotations

import threading
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.histories import jsonl
from harness.histories.building import history_of
from harness.histories.history import Ending
from harness.journal import Journal
from harness.ops import OpType
from harness.runclock import RunClock

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "process": st.integers(0, 99) | st.sampled_from(["final", "nemesis"]),
            "type": st.sampled_from(OpType),
            "f": st.sampled_from(["pod-kill", "roll"]),
            "value": VALUES,
            "extra": st.dictionaries(st.sampled_from(["pod", "note"]), VALUES, max_size=2),
        }
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES)
def test_what_was_recorded_is_read_back(tmp_path: Path, entries: list[dict[str, object]]) -> None:
    with Journal(tmp_path / "history.jsonl", clock=RunClock()) as journal:
        recorded = [journal.append(**entry) for entry in entries]  # type: ignore[arg-type]
    assert list(jsonl.read(tmp_path / "history.jsonl")) == recorded


def test_each_line_is_in_the_file_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep" / "history.jsonl", clock=RunClock()) as journal:
        op = journal.append(process=1, type=OpType.INVOKE, f="poll", value=[["poll"]])
        assert list(jsonl.read(journal.path)) == [op]


def test_many_threads_may_append_and_the_order_is_that_of_time(tmp_path: Path) -> None:
    def write(process: int) -> None:
        for _ in range(100):
            journal.append(process=process, type=OpType.OK, f="poll", value=[["poll"]])

    with Journal(tmp_path / "history.jsonl", clock=RunClock()) as journal:
        threads = [threading.Thread(target=write, args=(process,)) for process in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ops = list(jsonl.read(journal.path))
    assert [op.index for op in ops] == list(range(400))
    assert [op.time_ns for op in ops] == sorted(op.time_ns for op in ops)


def test_the_history_can_be_judged_while_it_is_written(tmp_path: Path) -> None:
    with Journal(tmp_path / "history.jsonl", clock=RunClock()) as journal:
        journal.append(process=1, type=OpType.INVOKE, f="send", value=[["send", "t-0", "a"]])
        assert history_of(jsonl.read(journal.path)).operations.ending.tolist() == [Ending.INFO]
        journal.append(process=1, type=OpType.OK, f="send", value=[["send", "t-0", [0, "a"]]])
        assert history_of(jsonl.read(journal.path)).operations.ending.tolist() == [Ending.OK]
