"""The audit: it finds its traces by their being there, and what could not be looked for is never clean."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from harness.audit import Audit, Trace, audit, traces
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive

CLUSTER = cast(Cluster, None)
FILES = sorted(path for path in Path("chaos/traces").glob("*.py") if path.stem != "__init__")


class Looking(Trace):
    """A trace that says what it was told, or cannot look."""

    name = "made up"

    def __init__(self, *left: str, error: Exception | None = None) -> None:
        self._left, self._error = left, error

    def left(self, cluster: Cluster) -> tuple[str, ...]:
        del cluster
        if self._error:
            raise self._error
        return self._left


def test_every_file_of_traces_is_found() -> None:
    found = {type(trace).__module__ for trace in traces()}
    assert {f"chaos.traces.{path.stem}" for path in FILES} <= found
    assert len(FILES) > 5


def test_each_trace_has_a_name_of_its_own() -> None:
    names = [trace.name for trace in traces()]
    assert names == sorted(set(names))


def test_a_trace_of_a_test_is_none_of_the_audit() -> None:
    assert not any(isinstance(trace, Looking) for trace in traces())


def test_what_is_clean_left_and_unknown_is_told_apart() -> None:
    said = audit(CLUSTER, [Looking(), Looking("a", "b"), Looking(error=Inconclusive("no answer"))])
    assert said == Audit(clean=("made up",), left=("made up: a", "made up: b"), unknown=("made up: no answer",))
    assert not said.is_clean


@pytest.mark.parametrize("error", [Inconclusive("x"), OSError("x"), ZeroDivisionError("x"), KeyError()], ids=repr)
def test_whoever_stumbles_has_not_looked_and_the_others_do(error: Exception) -> None:
    said = audit(CLUSTER, [Looking(error=error), Looking("a")])
    assert len(said.unknown) == 1
    assert said.left == ("made up: a",)


class ByHand(Looking):
    """A trace that takes hands in the cluster."""

    needs_hands = True


def test_what_takes_hands_is_unknown_where_nothing_is_to_be_made() -> None:
    said = audit(CLUSTER, [ByHand("a"), Looking()], hands=False)
    assert (said.left, said.clean, len(said.unknown)) == ((), ("made up",), 1)
    assert audit(CLUSTER, [ByHand("a")]).left == ("made up: a",)


def test_an_audit_without_traces_says_nothing() -> None:
    assert not audit(CLUSTER, []).is_clean
    assert audit(CLUSTER, [Looking()]).is_clean
