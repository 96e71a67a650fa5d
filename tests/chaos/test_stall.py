"""Stall: a process stands still for a time that the node itself has measured."""

from __future__ import annotations

import pytest

from chaos.pause import GO_ON
from chaos.stall import STALL, Stall
from harness.verdict import Inconclusive
from tests.chaos.nodes import Nodes


def nodes(told: str) -> Nodes:
    """Return nodes whose agent says this of a stall; the process has gone on when it is said."""
    return Nodes({STALL: lambda *_: told, GO_ON: lambda *_: ""})


def test_a_stall_is_proven_by_the_state_and_measured_by_the_node() -> None:
    world = nodes("1000.250000 T 1002.260000\n")
    fault = Stall(world.cluster, ["kafka-1"], seconds=2)
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {"kafka-1": {"state": "T", "stalled_s": 2.01}}
    assert fault.stalled_s == pytest.approx(2.01)
    fault.heal()
    assert fault.proof_of_healing() == {"paused": 0, "ready": ["kafka-1"]}
    assert world.namespaces.agents == {}


def test_a_process_that_went_on_too_early_did_not_stall() -> None:
    fault = Stall(nodes("1000.25 S 1002.26").cluster, ["kafka-1"], seconds=2)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_an_agent_that_says_something_else_has_shown_nothing() -> None:
    fault = Stall(nodes("1000.25 T").cluster, ["kafka-1"], seconds=2)
    with pytest.raises(Inconclusive, match="expected two moments and a state"):
        fault.inject()


@pytest.mark.parametrize("seconds", [0, 27])
def test_a_stall_is_shorter_than_the_deadline_that_ends_it(seconds: float) -> None:
    with pytest.raises(ValueError, match="below 27 s"):
        Stall(nodes("").cluster, ["kafka-1"], seconds=seconds)
