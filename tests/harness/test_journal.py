"""The journal: what was recorded is read back, a killed run loses its last half line only, broken lines are named."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.journal import Journal, read_ops
from harness.ops import HISTORY_FORMAT, Op, OpType
from harness.runclock import RunClock

HEADER = json.dumps({"format": HISTORY_FORMAT})
GOOD = '{"index":0,"time":1,"process":3,"type":"invoke","f":"send","value":[["send","t-0","a"]]}'

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
            "f": st.sampled_from(["assign", "pod-kill", "crash"]),
            "value": VALUES,
            "extra": st.dictionaries(st.sampled_from(["error", "final", "group"]), VALUES, max_size=2),
        }
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES)
def test_what_was_recorded_is_read_back(tmp_path: Path, entries: list[dict[str, object]]) -> None:
    with Journal(tmp_path / "history.jsonl", clock=RunClock()) as journal:
        recorded = [journal.append(**entry) for entry in entries]  # type: ignore[arg-type]
    assert list(read_ops(tmp_path / "history.jsonl")) == recorded


def written(tmp_path: Path, *lines: str, ending: str = "\n") -> Path:
    """Write a history file by hand."""
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join(lines) + ending, encoding="utf-8")
    return path


def test_each_line_is_in_the_file_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep" / "history.jsonl", clock=RunClock()) as journal:
        op = journal.append(process=1, type=OpType.INVOKE, f="poll", value=[["poll"]])
        assert read_ops(journal.path) == (op,)


def test_many_threads_may_append_and_the_order_is_that_of_time(tmp_path: Path) -> None:
    def write(process: int) -> None:
        for _ in range(100):
            journal.append(process=process, type=OpType.INVOKE, f="poll", value=[["poll"]])

    with Journal(tmp_path / "history.jsonl", clock=RunClock()) as journal:
        threads = [threading.Thread(target=write, args=(process,)) for process in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ops = read_ops(journal.path)
    assert [op.index for op in ops] == list(range(400))
    assert [op.time_ns for op in ops] == sorted(op.time_ns for op in ops)


def test_the_history_can_be_judged_while_it_is_written(tmp_path: Path) -> None:
    with Journal(tmp_path / "history.jsonl", clock=RunClock()) as journal:
        journal.append(process=1, type=OpType.INVOKE, f="send", value=[["send", "t-0", "a"]])
        assert [send.outcome for send in journal.history().sends] == [OpType.INFO]
        journal.append(process=1, type=OpType.OK, f="send", value=[["send", "t-0", [0, "a"]]])
        assert [send.outcome for send in journal.history().sends] == [OpType.OK]


@pytest.mark.parametrize("half", ['{"index":1,"ti', GOOD, '{"index":1,"f":"\\u00'])
def test_a_last_line_that_was_cut_off_is_dropped(tmp_path: Path, half: str) -> None:
    path = written(tmp_path, HEADER, GOOD, half, ending="")
    assert read_ops(path) == (Op(0, 1, 3, OpType.INVOKE, "send", [["send", "t-0", "a"]]),)


def test_a_last_line_that_was_cut_off_within_a_character_is_dropped(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, GOOD)
    with path.open("ab") as file:
        file.write('{"index":1,"f":"ü'.encode()[:-1])
    assert len(read_ops(path)) == 1


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("no json", ":3: not JSON"),
        ("", ":3: not JSON"),
        ("[1, 2]", ":3: got \\[1, 2\\]"),
        ('{"index":1}', ":3: KeyError\\('time'\\)"),
        (GOOD.replace('"invoke"', '"maybe"'), ":3: .*'maybe' is not a valid OpType"),
        (GOOD.replace('"index":0', '"index":"zero"'), ":3: .*index"),
        (GOOD.replace('"index":0', '"index":"0"'), ":3: .*index"),
        (GOOD.replace('"index":0', '"index":true'), ":3: .*index"),
        (GOOD.replace('"time":1', '"time":1.5'), ":3: .*time"),
        (GOOD.replace('"process":3', '"process":[3]'), ":3: .*process"),
        (GOOD.replace('"f":"send"', '"f":null'), ":3: .*f"),
    ],
)
def test_a_broken_line_is_named_with_its_file_and_number(tmp_path: Path, broken: str, named: str) -> None:
    path = written(tmp_path, HEADER, GOOD, broken, GOOD)
    with pytest.raises(UsageError, match=f"history.jsonl{named}.*expected"):
        read_ops(path)


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(HEADER.encode() + b"\n" + GOOD.encode() + b"\n\xff\xfe\n")
    with pytest.raises(UsageError, match=r"history.jsonl:3: not UTF-8"):
        read_ops(path)


@pytest.mark.parametrize("first", ['{"format": "somebody-elses/7"}', GOOD])
def test_another_format_is_refused_with_the_line_that_is_expected(tmp_path: Path, first: str) -> None:
    with pytest.raises(UsageError, match=r"history.jsonl:1: got .*expected the line .*greenfield-history/2"):
        read_ops(written(tmp_path, first))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the file is empty"):
        read_ops(written(tmp_path, "", ending=""))


def test_a_history_of_nothing_is_a_history(tmp_path: Path) -> None:
    assert read_ops(written(tmp_path, HEADER)) == ()
