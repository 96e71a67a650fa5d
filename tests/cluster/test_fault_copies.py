"""The copies of fault journals: one ConfigMap for each run, readable by whoever reaches the namespace."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.client.exceptions import ApiException

from harness.cluster.fault_copies import FaultCopies
from harness.fault_lines import FaultLine
from tests.cluster.fakes import NAMESPACE, FakeApi, FakeCore

LINE = FaultLine(run="a-run", number=1, place="x", fault="pause", targets=("kafka-1",), remedies=(), at="2026")


def made() -> tuple[FaultCopies, FakeCore]:
    core = FakeCore({NAMESPACE: None})
    return FaultCopies(FakeApi(core=core).connection, NAMESPACE), core


def test_the_copy_carries_the_labels_by_which_it_is_found() -> None:
    copies, core = made()
    copies.put(LINE)
    (body,) = core.config_maps.values()
    assert body.metadata is not None
    assert body.metadata.name == "harness-faults-a-run"
    assert body.metadata.labels == {
        "app.kubernetes.io/managed-by": "greenfield-harness",
        "harness.greenfield/faults": "true",
    }


def test_the_last_word_on_a_fault_replaces_the_first() -> None:
    copies, _ = made()
    ended = replace(LINE, ended="healed and proven")
    copies.put(LINE)
    copies.put(replace(LINE, number=2))
    copies.put(ended)
    assert copies.lines() == (ended, replace(LINE, number=2))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.booleans())))
def test_what_is_put_is_read_back(entries: list[tuple[str, int, bool]]) -> None:
    copies, _ = made()
    lines = [replace(LINE, run=run, number=number, ended="healed" if ended else None) for run, number, ended in entries]
    for line in lines:
        copies.put(line)
    assert {line.key: line for line in copies.lines()} == {line.key: line for line in lines}


def test_a_copy_that_somebody_has_spoilt_is_an_open_fault() -> None:
    copies, core = made()
    copies.put(LINE)
    core.config_maps["harness-faults-a-run"].data = {"00001": "{", "note": "mine"}
    assert [(line.fault, line.key, line.is_open) for line in copies.lines()] == [
        ("unreadable", ("a-run", 1), True),
        ("unreadable", ("a-run", 0), True),
    ]


def test_what_the_server_refuses_is_not_taken_for_stored() -> None:
    copies, core = made()

    def refuse() -> None:
        raise ApiException(status=403, reason="Forbidden")

    core.before_write = refuse
    with pytest.raises(ApiException):
        copies.put(LINE)


def test_only_the_copies_of_runs_without_open_faults_are_forgotten() -> None:
    copies, _ = made()
    copies.put(LINE)
    copies.put(replace(LINE, run="b-run", ended="healed"))
    copies.forget_healed()
    assert copies.lines() == (LINE,)


def test_the_place_is_the_namespace_itself_and_not_its_name() -> None:
    assert made()[0].place() == "uid-of-greenfield"
