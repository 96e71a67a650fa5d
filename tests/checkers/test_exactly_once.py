"""Exactly once: seen to pass, and seen to fail for everything that can go wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.checkers import exactly_once
from harness.checkers.exactly_once import Pipeline, transformed
from harness.ops import Op, OpType
from harness.verdict import Judgement, Verdict

PIPELINE = Pipeline(source="in", target="out", group="smiths")
UNCOMMITTED = {"isolation": "read_uncommitted"}
INPUTS = [(0, "a"), (2, "b"), (3, "c")]


def made(*values: str) -> list[tuple[int, str]]:
    return [(offset, transformed(value, attempt="7.1")) for offset, value in enumerate(values)]


def history(
    *,
    inputs: Sequence[tuple[int, str]] = INPUTS,
    outputs: Sequence[tuple[int, str]] = made("a", "b", "c"),
    committed: int | None = 5,
) -> list[Op]:
    """Make the end of a history: what the final readers were given, and where the group was last seen to stand."""
    seen = [] if committed is None else [["committed", "smiths", {"in-0": committed, "in-1": 9}]]
    ops: list[tuple[int | str, OpType, str, object, dict[str, object]]] = [
        ("final", OpType.OK, "poll", [["poll", {"in-0": inputs}]], {"final": True}),
        ("final", OpType.OK, "poll", [["poll", {"out-0": outputs}]], {"final": True}),
        ("final", OpType.OK, "poll", [["poll"]], {"final": True, "covers": {"in-1": [0, 9]}}),
        ("all", OpType.OK, "poll", [["poll", {"in-0": [(1, "hidden")]}]], {"final": True, **UNCOMMITTED}),
        ("observer", OpType.INVOKE, "observe", [], {}),
        ("observer", OpType.OK, "observe", [["committed", "smiths", {"in-0": 1}], ["watermarks", "in-0", {}]], {}),
        ("observer", OpType.OK, "observe", seen, {}),
    ]
    return [Op(index, index, *rest) for index, rest in enumerate(ops)]


def check(ops: Sequence[Op]) -> Judgement:
    return exactly_once.check(ops, PIPELINE)


def test_one_result_for_each_record_passes() -> None:
    judged = check(history())
    assert judged.verdict is Verdict.PASS
    assert judged.measured == {"inputs": 3, "outputs": 3, "left": 0}


@pytest.mark.parametrize(
    ("ops", "anomaly", "what"),
    [
        (history(outputs=made("a", "c")), "never-transformed", "in-0: 2 ('b') was transformed 0 times"),
        (history(outputs=made("a", "b", "b", "c")), "transformed-twice", "in-0: 2 ('b') was transformed 2 times"),
        (history(outputs=made("a", "b", "c", "x")), "transformed-nothing", "out-0: made from 'x', which is not"),
        (
            history(outputs=made("a", "b", "c"), committed=3),
            "torn-progress",
            "in-0: 3 ('c') was transformed, but smiths",
        ),
        (history(outputs=made("a", "b", "c", "hidden")), "transformed-nothing", "out-0: made from 'hidden'"),
    ],
)
def test_anything_else_fails(ops: Sequence[Op], anomaly: str, what: str) -> None:
    judged = check(ops)
    assert judged.verdict is Verdict.FAIL
    assert [finding.anomaly for finding in judged.findings] == [anomaly]
    assert judged.findings[0].what.startswith(what)


def test_the_same_value_in_another_partition_is_another_record() -> None:
    ops = history()
    elsewhere = Op(9, 9, "final", OpType.OK, "poll", [["poll", {"in-1": [(0, "a")]}]], {"final": True})
    judged = check([*ops, elsewhere])
    assert [finding.anomaly for finding in judged.findings] == ["never-transformed"]
    result = Op(10, 10, "final", OpType.OK, "poll", [["poll", {"out-1": made("a")}]], {"final": True})
    assert check([*ops, elsewhere, result]).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("ops", "reason"),
    [
        ([], "no input was finally read"),
        (history(committed=None)[:3], "nobody saw where smiths stands"),
        (history(outputs=made("a", "b"), committed=3), "1 of 3 records were not reached"),
    ],
)
def test_without_the_evidence_nothing_is_concluded(ops: Sequence[Op], reason: str) -> None:
    judged = check(ops)
    assert (judged.verdict, judged.reason) == (Verdict.INCONCLUSIVE, reason)
