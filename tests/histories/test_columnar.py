"""The columnar form says the same as the lines, and a file that is not as described is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from harness.errors import UsageError
from harness.histories import columnar
from harness.histories.building import history_of
from harness.histories.extracting import events_of
from harness.judging.judge import judge
from harness.ops import OpType
from tests.checkers.anomalies.told import Told


def everything(*, words: bool) -> Told:
    """Tell a history with something of every kind in it."""

    def value(number: int) -> int | str:
        return f"v{number}" if words else number

    told = Told().assigned(5, "a-0").subscribed(6, "a").sent(1, "a-0", (0, value(1)), (None, value(2)))
    told.unanswered(1, "a-0", value(3)).refused(2, "a-0", value(4)).invoke_send(3, "a-0", value(5))
    told.transaction(4, {"a-0": [(3, value(6))], "b-0": [(0, value(7))]}, {"a-0": [(0, value(1))]}, group="g")
    told.polled(5, {"a-0": [(0, value(1)), (1, value(2))]}).polled(5, {})
    told.polled(6, {"a-0": [(0, value(1))]}, rebalance_log=[{"type": "assigned", "keys": ["a-0"]}], group="g")
    told.committed(6, "g", "a-0", 1).observed(7, "a-0", low=0, high=4, leader_epoch=1).observed_commit(7, "g", "a-0", 1)
    return told.finally_read({"a-0": [(0, value(1)), (1, value(2)), (3, value(6))], "b-0": [(0, value(7))]})


@pytest.mark.parametrize("words", [False, True])
def test_what_was_written_is_read_again(tmp_path: Path, words: bool) -> None:
    history = history_of(everything(words=words).ops)
    columnar.write(history, tmp_path / "history.arrow")
    again = columnar.read(tmp_path / "history.arrow")
    rows = range(len(history.operations))
    assert events_of(again, rows) == events_of(history, rows)
    assert judge(again).anomalies == judge(history).anomalies


@pytest.mark.parametrize("words", [False, True])
def test_lines_become_columns_and_lines_again(words: bool) -> None:
    told = everything(words=words)
    history = history_of(told.ops)
    lines = [op for op in events_of(history, range(len(history.operations))) if op.type is not OpType.INVOKE]
    assert lines == [op for op in told.ops if op.type is not OpType.INVOKE]


def damaged(path: Path, column: str, replacement: pa.Array) -> Path:
    """Write a good file, put another column in its place, and write it again."""
    columnar.write(history_of(everything(words=False).ops), path)
    table = pa.ipc.open_file(path).read_all()
    spoilt = table.set_column(table.schema.get_field_index(column), table.schema.field(column), replacement)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(spoilt)
    return path


ROWS = len(history_of(everything(words=False).ops).operations)


@pytest.mark.parametrize(
    ("column", "replacement", "problem"),
    [
        ("index", pa.array([0] * ROWS), "index does not grow"),
        ("index", pa.array([None] * ROWS, pa.int64()), "index is missing"),
        ("end_time", pa.array([0] * ROWS), "ended before it began"),
        ("end_time", pa.array([None] * ROWS, pa.int64()), "an end without a time is not info"),
        ("type", pa.array(["fine"] * ROWS).dictionary_encode(), "type has fine"),
        ("f", pa.array(["poll"] * ROWS).dictionary_encode(), "a poll sends"),
        ("f", pa.array(["send"] * ROWS).dictionary_encode(), "a send reads"),
        ("f", pa.array(["observe"] * ROWS).dictionary_encode(), "can have none"),
        ("rest", pa.array(["{"] * ROWS), "rest is '{'"),
        ("rest", pa.array(["[" * 100_000] * ROWS), "rest is "),
    ],
)
def test_a_file_that_is_not_as_described_is_refused(
    tmp_path: Path, column: str, replacement: pa.Array, problem: str
) -> None:
    with pytest.raises(UsageError, match=r"history\.arrow") as refused:
        columnar.read(damaged(tmp_path / "history.arrow", column, replacement))
    assert problem in str(refused.value)


def test_something_else_is_no_arrow_file(tmp_path: Path) -> None:
    path = tmp_path / "history.arrow"
    path.write_bytes(b"ARROW1 is how it begins")
    with pytest.raises(UsageError, match="not an Arrow file"):
        columnar.read(path)


def test_an_arrow_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.arrow"
    table = pa.table({"index": [1]}).replace_schema_metadata({"format": "greenfield-history/2"})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(UsageError, match="its columns are index: int64"):
        columnar.read(path)
