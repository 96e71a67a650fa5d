"""Each anomaly has a smallest history that shows it, and one that just does not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from harness.histories.building import history_of
from harness.judging.config import Config, Retention
from harness.judging.judge import families, judge
from harness.ops import OpType
from tests.checkers.anomalies.told import Told

A, B = "orders-0", "orders-1"
FAIL, INFO = OpType.FAIL, OpType.INFO
SOON = Config(retention=Retention(ms=1000, late_ms=2000))
DURABLE = Config()
REORDERING = Config(idempotence=False)
ORDERED = Config(ordered_writes=True)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A history that shows exactly these failures; `legal` are those that are told and are no failure."""

    told: Told
    found: set[str] = field(default_factory=set)
    legal: set[str] = field(default_factory=set)
    config: Config = DURABLE


def write_cycle() -> Told:
    first, second = {A: [(0, 1)], B: [(1, 4)]}, {A: [(1, 2)], B: [(0, 3)]}
    told = Told().begun(1, first).begun(2, second).ended(1, first).ended(2, second)
    return told.finally_read({A: [(0, 1), (1, 2)], B: [(0, 3), (1, 4)]})


def read_cycle(second_reads: bool) -> Told:
    first, second = {A: [(0, 1)]}, {B: [(0, 2)]}
    told = Told().begun(1, first).begun(2, second).ended(1, first, {B: [(0, 2)]})
    return told.ended(2, second, {A: [(0, 1)]} if second_reads else None).finally_read({A: [(0, 1)], B: [(0, 2)]})


SHOWS: dict[str, Case] = {
    "two values at one offset": Case(
        told=Told().sent(1, A, (0, 1)).sent(2, A, (0, 2)).finally_read({A: [(0, 1)]}),
        found={"inconsistent-offsets", "unseen", "lost-write"},
    ),
    "one value at two offsets": Case(
        told=Told().sent(1, A, (0, 1)).finally_read({A: [(0, 1), (1, 1)]}), found={"duplicate"}
    ),
    "one value at two offsets, without idempotence": Case(
        told=Told().sent(1, A, (0, 1)).finally_read({A: [(0, 1), (1, 1)]}), legal={"duplicate"}, config=REORDERING
    ),
    "an acknowledged write that all readers jump over": Case(
        told=Told().sent(1, A, (0, 1), (1, 2)).polled(2, {A: [(1, 2)]}).finally_read({A: [(1, 2)]}),
        found={"lost-write", "unseen"},
    ),
    "an unanswered transaction, one write of which was read and another one lost": Case(
        told=Told()
        .transaction(1, {A: [(0, 1)], B: [(0, 2)]}, how=INFO)
        .sent(3, B, (1, 3))
        .finally_read({A: [(0, 1)], B: [(1, 3)]}),
        found={"torn-transaction"},
    ),
    "an acknowledged write at the end that nobody reads": Case(
        told=Told().sent(1, A, (0, 1), (1, 2)).finally_read({A: [(0, 1)]}), found={"unseen"}
    ),
    "a read of what was refused": Case(
        told=Told().refused(1, A, 1).sent(2, A, (1, 2)).finally_read({A: [(0, 1), (1, 2)]}), found={"aborted-read"}
    ),
    "a read of an aborted transaction": Case(
        told=Told().transaction(1, {A: [(0, 1)]}, how=FAIL).sent(2, A, (1, 2)).finally_read({A: [(0, 1), (1, 2)]}),
        found={"aborted-read"},
    ),
    "a value that nobody sent": Case(
        told=Told().sent(1, A, (0, 1)).finally_read({A: [(0, 1), (1, 9)]}), found={"phantom-read"}
    ),
    "a transaction that reads its own write": Case(
        told=Told().transaction(1, {A: [(0, 1)]}, {A: [(0, 1)]}).finally_read({A: [(0, 1)]}),
        found={"precommitted-read"},
    ),
    "a poll that jumps over a record": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .polled(2, {A: [(0, 1)]})
        .polled(2, {A: [(2, 3)]})
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]}),
        found={"poll-skip"},
    ),
    "an empty poll between, which must not lose the mark": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .polled(2, {A: [(0, 1)]})
        .polled(2, {})
        .polled(2, {A: [(2, 3)]})
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]}),
        found={"poll-skip"},
    ),
    "a poll that goes back": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2))
        .polled(2, {A: [(0, 1), (1, 2)]})
        .polled(2, {A: [(1, 2)]})
        .finally_read({A: [(0, 1), (1, 2)]}),
        found={"nonmonotonic-poll"},
    ),
    "a failed poll that jumps": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .polled(2, {A: [(0, 1)]})
        .polled(2, {A: [(2, 3)]}, FAIL)
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]}),
        found={"poll-skip"},
    ),
    "a jump within one poll": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .polled(2, {A: [(0, 1), (2, 3)]})
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]}),
        found={"int-poll-skip"},
    ),
    "a step back within one poll": Case(
        told=Told().sent(1, A, (0, 1), (1, 2)).polled(2, {A: [(1, 2), (0, 1)]}).finally_read({A: [(0, 1), (1, 2)]}),
        found={"int-nonmonotonic-poll"},
    ),
    "a subscriber that is moved": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .subscribed(2, "orders")
        .polled(2, {A: [(0, 1)]})
        .polled(2, {A: [(2, 3)]})
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]}),
        legal={"poll-skip"},
    ),
    "a process whose sends land in another order": Case(
        told=Told()
        .invoke_send(1, A, 1)
        .invoke_send(1, A, 2)
        .end_send(1, A, 2, 0)
        .end_send(1, A, 1, 1)
        .finally_read({A: [(0, 2), (1, 1)]}),
        found={"nonmonotonic-send"},
    ),
    "the same without idempotence": Case(
        told=Told()
        .invoke_send(1, A, 1)
        .invoke_send(1, A, 2)
        .end_send(1, A, 2, 0)
        .end_send(1, A, 1, 1)
        .finally_read({A: [(0, 2), (1, 1)]}),
        legal={"nonmonotonic-send"},
        config=REORDERING,
    ),
    "a transaction whose sends land in another order": Case(
        told=Told().transaction(1, {A: [(1, 1), (0, 2)]}).finally_read({A: [(0, 2), (1, 1)]}),
        found={"int-nonmonotonic-send"},
    ),
    "others write between the sends of a transaction": Case(
        told=Told()
        .begun(1, {A: [(0, 1), (2, 3)]})
        .sent(2, A, (1, 2))
        .ended(1, {A: [(0, 1), (2, 3)]})
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]}),
        legal={"int-send-skip"},
    ),
    "a tail that is cut off after it was read": Case(
        told=Told().sent(1, A, (0, 1)).unanswered(1, A, 2).polled(2, {A: [(0, 1), (1, 2)]}).finally_read({A: [(0, 1)]}),
        found={"vanished-read"},
    ),
    "a later write before an acknowledged one": Case(
        told=Told().sent(1, A, (1, 1)).sent(2, A, (0, 2)).finally_read({A: [(0, 2), (1, 1)]}),
        found={"realtime-order"},
    ),
    "an end of the log before what was acknowledged": Case(
        told=Told().sent(1, A, (0, 1)).later(5).observed(3, A, high=0).finally_read({A: [(0, 1)]}),
        legal={"stale-read"},
    ),
    "half a transaction": Case(
        told=Told()
        .transaction(1, {A: [(0, 1)], B: [(0, 2)]}, how=INFO)
        .sent(3, B, (1, 3))
        .finally_read({A: [(0, 1)], B: [(1, 3)]}),
        found={"torn-transaction"},
    ),
    "transactions that interleave their writes": Case(told=write_cycle(), legal={"G0"}),
    "the same where writes are ordered": Case(told=write_cycle(), found={"G0"}, config=ORDERED),
    "transactions that read each other": Case(told=read_cycle(second_reads=True), found={"G1c"}),
    "transactions that interleave their writes, one of them after the other had ended": Case(
        told=Told().transaction(1, {A: [(1, 1)]}).transaction(2, {A: [(0, 2)]}).finally_read({A: [(0, 2), (1, 1)]}),
        found={"realtime-order"},
        legal={"G0-realtime"},
    ),
    "a transaction that reads what a later one wrote": Case(
        told=Told()
        .transaction(1, {B: [(0, 3)]}, {A: [(0, 1)]})
        .transaction(2, {A: [(0, 1)]})
        .finally_read({A: [(0, 1)], B: [(0, 3)]}),
        found={"G1c-realtime"},
    ),
    "a group that goes back": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2))
        .polled(2, {A: [(0, 1), (1, 2)]}, group="g")
        .committed(2, "g", A, 2)
        .committed(2, "g", A, 1)
        .finally_read({A: [(0, 1), (1, 2)]}),
        found={"offset-commit-regression"},
    ),
    "a group that is said to be where it was before": Case(
        told=Told()
        .sent(1, A, (0, 1))
        .polled(2, {A: [(0, 1)]}, group="g")
        .committed(2, "g", A, 1)
        .observed_commit(3, "g", A, 0)
        .finally_read({A: [(0, 1)]}),
        found={"offset-commit-regression"},
    ),
    "a group that commits what it was not given": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2))
        .polled(2, {A: [(0, 1)]}, group="g")
        .committed(2, "g", A, 2)
        .finally_read({A: [(0, 1), (1, 2)]}),
        found={"commit-beyond-processed"},
    ),
    "a record that goes too early": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2))
        .later(900)
        .observed(3, A, low=1)
        .polled("final", {A: [(1, 2)]}, final=True, covers={A: [1, 2]}),
        found={"retention-early"},
        config=SOON,
    ),
    "a record that goes although nothing may": Case(
        told=Told().sent(1, A, (0, 1)).observed(3, A, low=1).finally_read({A: [(0, 1)]}), found={"retention-early"}
    ),
    "a reader that skips what is not due yet": Case(
        told=Told()
        .sent(1, A, (0, 1), (1, 2), (2, 3))
        .polled(2, {A: [(0, 1)]})
        .later(900)
        .polled(2, {A: [(2, 3)]})
        .finally_read({A: [(0, 1), (1, 2), (2, 3)]}),
        found={"poll-skip"},
        config=SOON,
    ),
    "a record that goes in a key without retention": Case(
        told=Told().sent(1, A, (0, 1)).later(5000).observed(3, A, low=1).finally_read({A: [(0, 1)]}),
        found={"retention-early"},
        config=Config(retention=Retention(ms=1000, late_ms=2000, keys=frozenset({B}))),
    ),
    "a record that stays too long": Case(
        told=Told().sent(1, A, (0, 1)).later(2100).observed(3, A, low=0).finally_read({A: [(0, 1)]}),
        found={"retention-late"},
        config=SOON,
    ),
    "a high watermark that goes back": Case(
        told=Told()
        .unanswered(1, A, 1)
        .sent(2, A, (1, 2))
        .observed(3, A, high=2)
        .observed(3, A, high=1)
        .finally_read({A: [(1, 2)]}),
        found={"hw-regression"},
        legal={"stale-read"},
    ),
    "a leader epoch that goes back": Case(
        told=Told()
        .sent(1, A, (0, 1))
        .observed(3, A, leader_epoch=4)
        .observed(3, A, leader_epoch=3)
        .finally_read({A: [(0, 1)]}),
        found={"leader-epoch-regression"},
    ),
}


@pytest.mark.parametrize("name", SHOWS)
def test_the_smallest_history_shows_it(name: str) -> None:
    case = SHOWS[name]
    assert set(case.told.found(case.config)) == case.found
    assert set(case.told.reported(case.config)) == case.legal


def test_every_anomaly_is_shown_by_some_smallest_history() -> None:
    named = {anomaly.name for anomaly in judge(history_of(Told().ops)).anomalies}
    shown = {name for case in SHOWS.values() for name in case.found | case.legal}
    assert named == shown
    assert families(), "an empty judge would find nothing wrong"
