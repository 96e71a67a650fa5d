"""Guards: a fault that hardly any operation overlapped has shown nothing."""

from __future__ import annotations

from dataclasses import replace

from harness.guards import overlap
from harness.ops import History, OpType, Send
from harness.runclock import NS_PER_S
from harness.verdict import Verdict
from tests.checkers.made import send


def lasting(from_s: float, until_s: float | None) -> Send:
    ended_ns = None if until_s is None else int(until_s * NS_PER_S)
    outcome = OpType.INFO if until_s is None else OpType.OK
    return replace(send("a", 0), invoked_ns=int(from_s * NS_PER_S), ended_ns=ended_ns, outcome=outcome)


def counted(*sends: Send) -> object:
    """Count the sends that overlap a fault from 10 s to 20 s."""
    return overlap(History(sends=sends, reads=()), from_s=10, until_s=20, at_least=1).measured["overlapping_sends"]


def test_sends_in_the_air_at_any_time_of_the_fault_count() -> None:
    assert counted(lasting(9, 11), lasting(12, 13), lasting(19, 25), lasting(5, 30), lasting(10, 10)) == 5


def test_sends_that_were_over_before_or_begun_after_do_not() -> None:
    assert counted(lasting(1, 9.9), lasting(20.1, 21)) == 0


def test_a_send_that_never_ended_is_in_the_air_for_ever() -> None:
    assert counted(lasting(1, None)) == 1
    assert counted(lasting(21, None)) == 0


def test_enough_is_a_pass_and_one_fewer_is_inconclusive() -> None:
    history = History(sends=(lasting(11, 12), lasting(13, 14)), reads=())
    assert overlap(history, from_s=10, until_s=20, at_least=2).verdict is Verdict.PASS
    judged = overlap(history, from_s=10, until_s=20, at_least=3)
    assert (judged.verdict, judged.reason) == (
        Verdict.INCONCLUSIVE,
        "only 2 sends overlapped the fault, 3 are needed",
    )
