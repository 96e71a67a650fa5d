"""Beside each smallest history that shows an anomaly stands one that just does not."""

from __future__ import annotations

import pytest

from harness.judging.config import Config, Retention
from tests.checkers.anomalies.test_smallest import FAIL, INFO, SOON, A, B, Case, read_cycle
from tests.checkers.anomalies.told import Told

JUST_NOT: dict[str, Case] = {
    "an offset that two readers agree on": Case(
        told=Told().sent(1, A, (0, 1)).polled(2, {A: [(0, 1)]}).polled(3, {A: [(0, 1)]}).finally_read({A: [(0, 1)]})
    ),
    "the same value in another key": Case(
        told=Told().sent(1, A, (0, 1)).sent(1, B, (0, 1)).finally_read({A: [(0, 1)], B: [(0, 1)]})
    ),
    "an unanswered write that nobody reads": Case(
        told=Told().unanswered(1, A, 1).sent(2, A, (1, 2)).finally_read({A: [(1, 2)]})
    ),
    "an unanswered write that is read": Case(
        told=Told().unanswered(1, A, 1).sent(2, A, (1, 2)).finally_read({A: [(0, 1), (1, 2)]})
    ),
    "a refused write that nobody reads": Case(
        told=Told().refused(1, A, 1).sent(2, A, (0, 2)).finally_read({A: [(0, 2)]})
    ),
    "an aborted write that a read_uncommitted reader gets": Case(
        told=Told()
        .transaction(1, {A: [(0, 1)]}, how=FAIL)
        .sent(2, A, (2, 2))
        .polled(3, {A: [(0, 1), (2, 2)]}, isolation="read_uncommitted")
        .finally_read({A: [(2, 2)]})
    ),
    "a hole, where a transaction was aborted": Case(
        told=Told()
        .sent(1, A, (0, 1))
        .transaction(2, {A: [(1, 7)]}, how=FAIL)
        .sent(1, A, (3, 2))
        .polled(4, {A: [(0, 1), (3, 2)]})
        .finally_read({A: [(0, 1), (3, 2)]})
    ),
    "a reader that is given other keys and comes back": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .assigned(2, A)
        .polled(2, {A: [(0, 1)]})
        .assigned(2, B)
        .assigned(2, A)
        .polled(2, {A: [(2, 3)]})
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]})
    ),
    "a jump within a poll during which the key was moved": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .subscribed(2, "orders")
        .polled(2, {A: [(0, 1), (2, 3)]}, rebalance_log=[{"type": "assigned", "keys": [A]}])
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]})
    ),
    "two writes at the same time, in either order": Case(
        told=Told()
        .invoke_send(1, A, 1)
        .invoke_send(2, A, 2)
        .end_send(1, A, 1, 1)
        .end_send(2, A, 2, 0)
        .finally_read({A: [(0, 2), (1, 1)]})
    ),
    "an end of the log that was asked for before the acknowledgement": Case(
        told=Told().invoke_send(1, A, 1).observed(3, A, high=0).end_send(1, A, 1, 0).finally_read({A: [(0, 1)]})
    ),
    "a whole transaction that nobody answered": Case(
        told=Told()
        .sent(2, A, (0, 5))
        .transaction(1, {A: [(1, 1)], B: [(0, 2)]}, how=INFO)
        .finally_read({A: [(0, 5), (1, 1)], B: [(0, 2)]})
    ),
    "transactions of which one reads the other": Case(told=read_cycle(second_reads=False)),
    "a group that commits just what it was given": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2))
        .polled(2, {A: [(0, 1)]}, group="g")
        .committed(2, "g", A, 1)
        .committed(2, "g", A, 1)
        .observed_commit(3, "g", A, 1)
        .finally_read({A: [(0, 1), (1, 2)]})
    ),
    "a group that skips the hole of an aborted transaction": Case(
        told=Told()
        .sent(1, A, (0, 1))
        .transaction(2, {A: [(1, 7)]}, how=FAIL)
        .polled(4, {A: [(0, 1)]}, group="g")
        .committed(4, "g", A, 3)
        .finally_read({A: [(0, 1)]})
    ),
    "a record that goes after its retention": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2))
        .later(1500)
        .observed(3, A, low=1)
        .polled("final", {A: [(1, 2)]}, final=True, covers={A: [1, 2]}),
        config=SOON,
    ),
    "a reader that comes after the retention of what it skips": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2))
        .polled(2, {A: [(0, 1)]})
        .later(1500)
        .sent(1, A, (2, 3))
        .observed(3, A, low=2)
        .polled(2, {A: [(2, 3)]})
        .polled("final", {A: [(2, 3)]}, final=True, covers={A: [2, 3]}),
        config=SOON,
    ),
    "a record that stays in a key without retention": Case(
        told=Told().sent(1, A, (0, 1)).later(2100).observed(3, A, low=0).finally_read({A: [(0, 1)]}),
        config=Config(retention=Retention(ms=1000, late_ms=2000, keys=frozenset({B}))),
    ),
    "watermarks and epochs that stay": Case(
        told=Told()
        .sent(1, A, (0, 1))
        .observed(3, A, high=1, leader_epoch=3)
        .observed(3, A, high=1, leader_epoch=3)
        .finally_read({A: [(0, 1)]})
    ),
}


@pytest.mark.parametrize("name", JUST_NOT)
def test_the_smallest_history_beside_it_does_not(name: str) -> None:
    case = JUST_NOT[name]
    judged = case.told.judged(case.config)
    assert not judged.failures
    assert not case.told.reported(case.config)
    assert not judged.unknowns
