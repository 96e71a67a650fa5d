"""The shape of one event: each field, value and optional field is seen to be taken and to be refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from harness.histories.shape import DEEPEST, LARGEST, Malformed, Shape, shown
from harness.ops import Op, OpType


def fields(f: str, value: object, **others: object) -> dict[str, Any]:
    """Return the fields of an event, which is an `ok` of process 3 unless said otherwise."""
    plain: dict[str, Any] = {"index": 0, "time": 1, "process": 3, "type": "ok", "f": f, "value": value}
    return plain | {name.replace("_", "-"): what for name, what in others.items()}


def refused(event: dict[str, Any]) -> str:
    with pytest.raises(Malformed) as caught:
        Shape().op(event)
    assert caught.value.expected
    return caught.value.got


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


TAKEN = [
    fields("send", [["send", "t-0", 17]], type="invoke"),
    fields("send", [["send", "t-0", -LARGEST - 1], ["send", "t-0", [LARGEST, LARGEST]]]),
    fields("send", [["send", "t-0", [None, "a"]]]),
    fields("send", [["send", "t-0", "a"]], error="TIMED_OUT", timestamp_ms={"t-0": -1}),
    fields("poll", [["poll"]], type="invoke"),
    fields("poll", []),
    fields("poll", [["poll"], ["poll", {}], ["poll", {"t-0": [], "t-1": [[0, "a"], [3, "b"]]}]]),
    fields("poll", [["poll"]], final=True, covers={"t-0": [0, 0]}, isolation="read_uncommitted"),
    fields("poll", [["poll"]], rebalance_log=[{"type": "lost", "keys": ["t-0"], "node": 1}], final=False),
    fields("txn", [["send", "t-0", 1], ["poll"], ["poll"]], type="invoke", committed={}),
    fields("txn", [["poll", {"t-0": [[3, 1]]}]], txn_id="x", group="g", committed={"t-0": 4}),
    fields("assign", []),
    fields("subscribe", ["t"]),
    fields("commit", {"t-0": 4}, group="g"),
    fields("commit", {"t-0": 4}, type="invoke"),
    fields("observe", [["watermarks", "t-0", {"low": 0, "high": 1, "leader-epoch": 0}], ["committed", "g", {"t": 1}]]),
    fields("observe", [["watermarks", "t-0", {}]]),
    fields("crash", None),
    fields("pod-kill", {"any": [1.5, None, True]}, error=["of", "any", "kind"], covers="kept"),
    fields("pod-kill", nested(DEEPEST - 1), process="nemesis", type="info"),
    fields("send", [["send", "t-0", 17]], type="invoke", colour={"of": "no interest"}),
]


@pytest.mark.parametrize("event", TAKEN, ids=lambda event: event["f"])
def test_what_is_described_is_taken_as_it_is(event: dict[str, Any]) -> None:
    told = copy.deepcopy(event)
    op = Shape().op(event)
    assert op.as_json() == told


@pytest.mark.parametrize("missing", ["index", "time", "process", "type", "f", "value"])
def test_a_field_that_is_missing_is_named(missing: str) -> None:
    event = fields("crash", None)
    del event[missing]
    assert refused(event) == f"no field {missing!r}"


@pytest.mark.parametrize("name", ["index", "time"])
@pytest.mark.parametrize("value", [-1, True, "0", 1.0, None, LARGEST + 1, [0]])
def test_index_and_time_are_whole_numbers_from_zero(name: str, value: object) -> None:
    assert refused(fields("crash", None) | {name: value}) == f"{name} is {shown(value)}"


@pytest.mark.parametrize("process", [True, None, 1.5, [3], {}, LARGEST + 1])
def test_a_process_is_a_word_or_a_whole_number(process: object) -> None:
    assert refused(fields("crash", None, process=process)) == f"process is {shown(process)}"


@pytest.mark.parametrize("kind", ["maybe", "OK", None, 1, ["ok"], {}])
def test_a_type_is_one_of_four(kind: object) -> None:
    assert refused(fields("crash", None, type=kind)) == f"type is {shown(kind)}"


@pytest.mark.parametrize("f", [None, 1, ["send"]])
def test_f_is_a_word(f: Any) -> None:
    assert refused(fields(f, None)) == f"f is {shown(f)}"


VALUES = [
    ("send", "t-0", "value is"),
    ("send", {"t-0": 1}, "value is"),
    ("send", [7], "a send of"),
    ("send", [[]], "a send of"),
    ("send", [["poll"]], "a send of"),
    ("send", [["send", "t-0"]], "a send of"),
    ("send", [["send", "t-0", 1, 2]], "a send of"),
    ("send", [["send", 0, 1]], "a send of"),
    ("send", [["send", "t-0", [1]]], "a send of"),
    ("send", [["send", "t-0", [1, 2, 3]]], "a send of"),
    ("send", [["send", "t-0", [-1, 2]]], "offset is -1"),
    ("send", [["send", "t-0", [True, 2]]], "offset is True"),
    ("send", [["send", "t-0", [LARGEST + 1, 2]]], "offset is"),
    ("send", [["send", "t-0", None]], "a record's value is None"),
    ("send", [["send", "t-0", True]], "a record's value is True"),
    ("send", [["send", "t-0", 1.5]], "a record's value is 1.5"),
    ("send", [["send", "t-0", [None, None]]], "a record's value is None"),
    ("send", [["send", "t-0", LARGEST + 1]], "a record's value is"),
    ("send", [["send", "t-0", 1], ["send", "t-0", "a"]], "a record's value is 'a'"),
    ("poll", None, "value is None"),
    ("poll", [["send", "t-0", 1]], "a poll of"),
    ("poll", [["poll", None]], "a poll of"),
    ("poll", [["poll", []]], "a poll of"),
    ("poll", [["poll", {}, {}]], "a poll of"),
    ("poll", [["poll", {"t-0": None}]], "a poll of"),
    ("poll", [["poll", {"t-0": [7]}]], "a record 7"),
    ("poll", [["poll", {"t-0": [[7]]}]], "a record [7]"),
    ("poll", [["poll", {"t-0": [[None, 7]]}]], "offset is None"),
    ("poll", [["poll", {"t-0": [[-7, 7]]}]], "offset is -7"),
    ("poll", [["poll", {"t-0": [[7, [7]]]}]], "a record's value is [7]"),
    ("poll", [["poll", {"t-0": [[7, 7], [8, "8"]]}]], "a record's value is '8'"),
    ("txn", [["read", "t-0"]], "a micro-operation"),
    ("txn", "poll", "value is 'poll'"),
    ("assign", None, "value is None"),
    ("assign", [0], "value is [0]"),
    ("subscribe", "t", "value is 't'"),
    ("commit", [], "value is []"),
    ("commit", {"t-0": None}, "an offset of value is None"),
    ("observe", {}, "value is {}"),
    ("observe", [["watermarks", "t-0"]], "an observation"),
    ("observe", [["watermarks", "t-0", {"leader_epoch": 1}]], "an observation"),
    ("observe", [["watermarks", "t-0", {"high": -1}]], "high is -1"),
    ("observe", [["watermarks", 0, {"high": 1}]], "an observation"),
    ("observe", [["committed", "g", {"t-0": "1"}]], "an offset of committed is '1'"),
    ("observe", [["committed", "g", [1]]], "committed is [1]"),
    ("observe", [["seen", "g", {}]], "an observation"),
    ("pod-kill", nested(DEEPEST + 1), "value is nested too deep"),
    ("crash", nested(100_000), "value is nested too deep"),
]


@pytest.mark.parametrize(("f", "value", "named"), VALUES, ids=range(len(VALUES)))
def test_a_value_that_is_not_as_its_operation_needs_is_named(f: str, value: object, named: str) -> None:
    assert refused(fields(f, value, group="g")).startswith(named)


@pytest.mark.parametrize(
    ("f", "value"), [("send", [["send", "t-0", [1, 2]]]), ("poll", [["poll", {}]]), ("txn", [["poll", {"t-0": []}]])]
)
def test_what_begins_cannot_know_how_it_ends(f: str, value: object) -> None:
    Shape().op(fields(f, value))
    refused(fields(f, value, type="invoke"))


EXTRAS = [
    ("error", 7),
    ("error", None),
    ("group", 7),
    ("committed", [1]),
    ("committed", {"t-0": -1}),
    ("txn-id", ["x"]),
    ("isolation", "serializable"),
    ("isolation", ["read_committed"]),
    ("rebalance-log", {}),
    ("rebalance-log", ["revoked"]),
    ("rebalance-log", [{"type": "revoked"}]),
    ("rebalance-log", [{"type": "moved", "keys": []}]),
    ("rebalance-log", [{"type": ["lost"], "keys": []}]),
    ("rebalance-log", [{"type": "lost", "keys": [7]}]),
    ("rebalance-log", [{"type": "lost", "keys": [], "why": nested(100)}]),
    ("final", "true"),
    ("final", 1),
    ("covers", [0, 1]),
    ("covers", {"t-0": [0]}),
    ("covers", {"t-0": [2, 1]}),
    ("covers", {"t-0": [0, None]}),
    ("timestamp-ms", 7),
    ("timestamp-ms", {"t-0": True}),
    ("colour", nested(100)),
]


@pytest.mark.parametrize(("name", "value"), EXTRAS, ids=range(len(EXTRAS)))
@pytest.mark.parametrize("kind", ["invoke", "ok", "info"])
def test_an_optional_field_of_another_type_is_named(name: str, value: object, kind: str) -> None:
    event = fields("poll", [["poll"]], type=kind, group="g", final=True)
    assert name in refused(event | {name: value})


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (fields("commit", {"t-0": 4}), "a commit that commits offsets without a group"),
        (fields("txn", [], committed={}), "a txn that commits offsets without a group"),
        (fields("poll", [], covers={}), "a poll with covers that is not final"),
        (fields("poll", [], covers={}, final=False), "a poll with covers that is not final"),
    ],
)
def test_an_end_that_lacks_what_its_fields_need_is_named(event: dict[str, Any], named: str) -> None:
    assert refused(event) == named


def test_all_values_of_a_history_are_of_the_kind_of_the_first() -> None:
    shape = Shape()
    shape.op(fields("poll", [["poll", {"t-0": [[0, "a"]]}]]))
    shape.op(fields("send", [["send", "t-0", "b"]]))
    with pytest.raises(Malformed, match="is 7: expected words, as in the lines before"):
        shape.op(fields("send", [["send", "t-0", 7]]))


def test_an_event_without_optional_fields_has_none() -> None:
    assert Shape().op(fields("crash", None)) == Op(0, 1, 3, OpType.OK, "crash", None, {})


@pytest.mark.parametrize("value", ["a" * 10**6, list(range(10**6)), {"a": "b" * 10**6}, nested(10**5)])
def test_what_is_shown_is_short(value: object) -> None:
    assert len(shown(value)) < 120
