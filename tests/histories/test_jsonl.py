"""The JSON Lines reader: valid histories are read as they were written, everything else is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.made import HEADER, lines_of, made, written
from harness.errors import UsageError
from harness.histories.jsonl import read
from harness.ops import Op, OpType

SEND = '{"index":0,"time":1,"process":3,"type":"invoke","f":"send","value":[["send","t-0",17]]}'
SENT = '{"index":1,"time":2,"process":3,"type":"ok","f":"send","value":[["send","t-0",[104,17]]]}'
POLLED = '{"index":2,"time":3,"process":4,"type":"ok","f":"poll","value":[["poll",{"t-0":[[104,17]]}]]}'
KILLED = '{"index":4,"time":5,"process":"nemesis","type":"info","f":"pod-kill","value":{"pod":"kafka-1"}}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def refusal(path: Path) -> str:
    """Return what the reader says to a file that it must refuse."""
    with pytest.raises(UsageError) as caught:
        list(read(path))
    assert caught.value.problem.startswith(f"{path}:")
    assert caught.value.remedy.startswith("expected ")
    return str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_a_valid_history_is_read_as_it_was_written(path: Path, seed: int, words: bool) -> None:
    ops = made(seed, words=words)
    assert list(read(written(path, lines_of(ops)))) == ops


def test_the_example_of_the_documentation_is_read(path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "history.md").read_text(encoding="utf-8")
    example = page.split("```")[1].strip().splitlines()
    ops = list(read(written(path, example)))
    assert [op.f for op in ops] == ["send", "send", "poll", "poll", "pod-kill"]
    assert ops[1] == Op(1, 1960001, 3, OpType.OK, "send", [["send", "orders-0", [104, 17]]])


def test_a_history_of_nothing_is_a_history(path: Path) -> None:
    assert list(read(written(path, [HEADER]))) == []


@pytest.mark.parametrize("half", [b'{"index":1,"ti', SENT.encode(), '{"index":1,"f":"ü'.encode()[:-1]])
def test_a_last_line_without_its_newline_is_dropped(path: Path, half: bytes) -> None:
    written(path, [HEADER, SEND])
    path.write_bytes(path.read_bytes() + half)
    assert [op.index for op in read(path)] == [0]


def test_what_is_before_a_broken_line_can_be_had(path: Path) -> None:
    ops = read(written(path, [HEADER, SEND, SENT, "no json"]))
    assert [next(ops).index, next(ops).index] == [0, 1]
    with pytest.raises(UsageError, match=":4: not JSON"):
        next(ops)


def test_the_old_format_is_refused_with_a_sentence(path: Path) -> None:
    said = refusal(written(path, ['{"format": "greenfield-history/1"}']))
    assert "old format greenfield-history/1" in said
    assert "judge it with the release that wrote it" in said


@pytest.mark.parametrize("first", [SEND, "[]", '"x"', "", "7", '{"format":["greenfield-history/2"]}', '{"format":1}'])
def test_another_first_line_is_refused_with_the_one_that_is_expected(path: Path, first: str) -> None:
    said = refusal(written(path, [first, SEND]))
    assert said.startswith(":1: ")
    assert "expected " in said


@pytest.mark.parametrize("content", [b"", HEADER.encode(), b"\xff"])
def test_a_file_without_a_whole_line_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert refusal(path).startswith(":1: the file is empty: expected the line")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.jsonl").startswith(":1: No such file")
    assert refusal(tmp_path).startswith(":1: Is a directory")


DEEP = "[" * 900 + "]" * 900
DEEPER = "[" * 100_000 + "]" * 100_000

LINES = [
    ("no json", "not JSON"),
    ("", "not JSON"),
    ("\ufeff" + SENT, "not JSON"),
    ("[1,2]", "got [1, 2]"),
    ("null", "got None"),
    (b"\xff\xfe", "not UTF-8 at byte 1"),
    (SENT.replace("t-0", "ü").encode("latin-1"), "not UTF-8"),
    (SENT.replace("t-0", "\\ud800"), "not JSON"),
    (SENT.replace("17", "NaN"), "not JSON"),
    (SENT.replace("17", "-Infinity"), "not JSON"),
    (SENT.replace("17", "9" * 5000), "not JSON"),
    (SENT.replace("17", "9" * 30), "a record's value is 1e+30"),
    (SENT.replace("17", "18446744073709551615"), "a record's value is 18446744073709551615"),
    (KILLED.replace('"kafka-1"', DEEP), "nested too deep"),
    (KILLED.replace('"kafka-1"', DEEPER), "not JSON"),
    (KILLED.replace('{"pod"', '{"a:b":' + DEEP + ',"pod"'), "nested too deep"),
    (KILLED.replace("}}", '},"why":' + DEEP + "}"), "why is nested too deep"),
    (SENT.replace('"time":2', '"time":2,"time":2'), "the name 'time' is there twice"),
    (SENT.replace('"time":2', '"time" : 2, "tim\\u0065" :2'), "the name 'time' is there twice"),
    (SENT.replace('"time":2', '"time" :2,"time":":2"'), "the name 'time' is there twice"),
    (SENT.replace("17", '"1:7"').replace('"time":2', '"time":2,"time":2'), "the name 'time' is there twice"),
    (POLLED.replace('"t-0":', '"t-0":[],"t-0":'), "the name 't-0' is there twice"),
    (KILLED.replace('{"pod"', '{"pod":":","pod"'), "the name 'pod' is there twice"),
]


@pytest.mark.parametrize(("line", "named"), LINES, ids=range(len(LINES)))
def test_a_line_that_is_no_event_is_named(path: Path, line: str | bytes, named: str) -> None:
    said = refusal(written(path, [HEADER, SEND, line]))
    assert said.startswith(":3: ")
    assert named in said
    assert len(said) < 500


def test_colons_in_words_are_no_names(path: Path) -> None:
    line = KILLED.replace('{"pod"', '{"a:b":"c:d","e\\":":"f\\\\","pod"')
    (op,) = read(written(path, [HEADER, line]))
    assert op.value == {"a:b": "c:d", 'e":': "f\\", "pod": "kafka-1"}


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([SENT, SEND], ":2: the end of a send that process 3 did not begin"),
        ([SEND, SENT.replace("17", "18")], ":3: the end of a send that process 3 did not begin"),
        ([SEND, SENT.replace("t-0", "t-1")], ":3: the end of a send that process 3 did not begin"),
        ([SEND, SENT.replace('"process":3', '"process":4')], ":3: the end of a send that process 4 did not begin"),
        ([SEND, SENT, SENT.replace('"index":1', '"index":2')], ":4: the end of a send that process 3 did not begin"),
        ([SEND, SENT.replace('"index":1', '"index":0')], ":3: index 0 after index 0: expected an index that grows"),
        ([SEND, SENT.replace('"time":2', '"time":0')], ":3: time 0 after time 1: expected a time that never falls"),
        ([SEND, POLLED.replace("17", '"17"')], ":3: a record's value is '17': expected whole numbers"),
        ([SEND.replace("17", '"17"'), POLLED], ":3: a record's value is 17: expected words"),
    ],
)
def test_what_does_not_follow_from_the_lines_before_is_named(path: Path, lines: list[str], named: str) -> None:
    assert refusal(written(path, [HEADER, *lines])).startswith(named)
