"""Broken histories: whatever is done to one, it is judged or refused with its line; nothing else happens."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import mutations
from bench.made import HEADER, made, written
from bench.mutations import FORMS, MUTATIONS, Form, outcome, outcomes
from harness.errors import UsageError
from harness.ops import Op

JSON_LINES, EDN = FORMS
MANY = {JSON_LINES: 1000, EDN: 50}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_is_broken_is_judged_or_refused_with_its_line(form: Form, tmp_path: Path) -> None:
    ends = list(outcomes(form, range(MANY[form]), tmp_path))
    assert [(seed, mutation, end) for seed, mutation, end in ends if end.startswith("WRONG")] == []
    counts = Counter(end for _, _, end in ends)
    assert counts["refused"] > len(ends) / 4, "mutations that a reader does not see show little"
    assert len(ends) - counts["refused"] > len(ends) / 10, "mutations that no judge sees show little"
    assert {mutation for _, mutation, _ in ends} == {mutation.__name__ for mutation in MUTATIONS}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_not_broken_passes(form: Form, seed: int, tmp_path: Path) -> None:
    (path := tmp_path / "history").write_text(form.text(made(seed)), encoding="utf-8")
    assert outcome(form, path) == "PASS"


@pytest.mark.parametrize(
    "error", [KeyError("value"), RecursionError(), UsageError("somewhere", remedy="expected more")]
)
def test_a_reader_that_fails_in_another_way_is_seen(error: Exception, tmp_path: Path) -> None:
    def read(_: Path) -> Iterator[Op]:
        raise error

    form = Form(name="bad", text=JSON_LINES.text, read=read, one_in=1)
    assert outcome(form, tmp_path / "history").startswith("WRONG")


def test_a_checker_that_crashes_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.judging.judge.families", lambda: {"bad": None})
    (path := tmp_path / "history").write_text(JSON_LINES.text(made(1)), encoding="utf-8")
    assert outcome(JSON_LINES, path) == "WRONG: the checkers ['bad'] crashed"


def test_the_bench_prints_what_became_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutations.run(20) == 0
    assert "refused" in capsys.readouterr().out


WORDS = st.sampled_from(["send", "poll", "txn", "t-0", "watermarks", "committed", "high", "type", "keys", "g", ""])
ATOMS = st.none() | st.booleans() | st.integers(-2, 3) | st.integers() | st.floats(allow_nan=False) | WORDS
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=2), max_leaves=8
)
MICROS = st.lists(
    st.tuples(st.just("send"), WORDS, st.integers(0, 9) | st.tuples(st.integers(-1, 3), st.integers(0, 9)))
    | st.just(("poll",))
    | st.tuples(st.just("poll"), st.dictionaries(WORDS, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)))))
    | VALUES,
    max_size=3,
)
EVENTS = st.fixed_dictionaries(
    {
        "process": st.integers(0, 2) | VALUES,
        "type": st.sampled_from(["invoke", "ok", "fail", "info"]) | VALUES,
        "f": st.sampled_from(["send", "poll", "txn", "assign", "subscribe", "commit", "observe", "crash", "kill"]),
        "value": MICROS | VALUES,
    },
    optional={
        name: VALUES
        for name in ("error", "group", "committed", "isolation", "rebalance-log", "final", "covers", "txn-id", "more")
    },
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(EVENTS, max_size=4))
def test_whatever_events_there_are_they_are_judged_or_refused(tmp_path: Path, events: list[dict[str, object]]) -> None:
    lines = [json.dumps({"index": number, "time": number, **event}) for number, event in enumerate(events)]
    path = written(tmp_path / "history", [HEADER, *lines])
    assert not outcome(JSON_LINES, path).startswith("WRONG")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode) | st.text('{}[]()"\\#:;^_ \nN1a/').map(str.encode))
def test_whatever_bytes_there_are_they_are_judged_or_refused(form: Form, tmp_path: Path, data: bytes) -> None:
    (path := tmp_path / "history").write_bytes(HEADER.encode() + b"\n" + data if form is JSON_LINES else data)
    assert not outcome(form, path).startswith("WRONG")
