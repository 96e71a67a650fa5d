"""The sequence of events: each rule about what came before is seen to pass and to fail."""

from __future__ import annotations

import pytest

from harness.histories.sequence import Sequence
from harness.histories.shape import Malformed
from harness.ops import Op, OpType

INVOKE, OK, FAIL, INFO = OpType

Event = tuple[int | str, OpType, str, object]


def follow(*events: Event) -> None:
    """Add events, one per nanosecond."""
    sequence = Sequence()
    for number, (process, kind, f, value) in enumerate(events):
        sequence.add(Op(number, number, process, kind, f, value))


def send(value: int, *, key: str = "t-0") -> list[object]:
    return [["send", key, value]]


POLL = [["poll"]]

FOLLOWS: list[tuple[Event, ...]] = [
    ((1, INVOKE, "send", send(1)), (1, INVOKE, "send", send(2)), (1, OK, "send", send(2)), (1, OK, "send", send(1))),
    ((1, INVOKE, "send", send(1)), (1, INVOKE, "send", send(1, key="t-1"))),
    ((1, INVOKE, "send", send(1)), (1, OK, "send", [["send", "t-0", [7, 1]]]), (1, INVOKE, "poll", POLL)),
    ((1, INVOKE, "send", send(1)), (1, INVOKE, "send", send(2)), (1, INFO, "send", send(1)), (1, OK, "send", send(2))),
    ((1, INVOKE, "send", send(1)), (1, INFO, "send", send(1)), (1, INVOKE, "send", send(2))),
    ((1, INVOKE, "send", []), (1, OK, "send", []), (1, INVOKE, "send", [])),
    ((1, INVOKE, "poll", POLL), (2, INVOKE, "poll", POLL), ("1", OK, "poll", POLL), (1, FAIL, "poll", POLL)),
    (
        (1, OK, "poll", POLL),
        (1, OK, "assign", []),
        (1, OK, "subscribe", []),
        (1, OK, "commit", {}),
        (1, OK, "observe", []),
    ),
    ((1, INVOKE, "txn", [*send(1), *POLL]), (1, OK, "txn", [["send", "t-0", [7, 1]], ["poll", {}]])),
    ((1, INVOKE, "poll", POLL), (1, OK, "crash", None)),
    (("nemesis", INFO, "kill", None), ("nemesis", INFO, "kill", None), ("nemesis", OK, "heal", None)),
    ((1, INFO, "kill", None), (1, INVOKE, "send", send(1))),
    ((1, INVOKE, "crash", None), (1, INFO, "crash", None), (2, OK, "poll", POLL)),
]


@pytest.mark.parametrize("events", FOLLOWS, ids=range(len(FOLLOWS)))
def test_what_may_follow_is_taken(events: tuple[Event, ...]) -> None:
    follow(*events)


REFUSED: list[tuple[str, tuple[Event, ...]]] = [
    ("a poll of process 1 while its poll is under way", ((1, INVOKE, "poll", POLL), (1, INVOKE, "poll", POLL))),
    ("a send of process 1 while its poll is", ((1, INVOKE, "poll", POLL), (1, INVOKE, "send", send(1)))),
    ("a poll of process 1 while its send is", ((1, INVOKE, "send", send(1)), (1, INVOKE, "poll", POLL))),
    ("a poll of process 1 while its send is", ((1, INVOKE, "send", send(1)), (1, OK, "poll", POLL))),
    ("the end of a send that process 1 did not begin", ((1, OK, "send", send(1)),)),
    ("the end of a send that process 1 did not begin", ((1, OK, "send", []),)),
    ("the end of a txn of process 1, of which nothing is", ((1, OK, "txn", send(1)),)),
    ("the end of a poll of process 1, of which assign is", ((1, INVOKE, "assign", []), (1, OK, "poll", POLL))),
    ("the end of a txn of process 1, of which poll is", ((1, INVOKE, "poll", POLL), (1, OK, "txn", POLL))),
    ("a txn that ends with the sends", ((1, INVOKE, "txn", send(1)), (1, OK, "txn", send(2)))),
    ("a txn that ends with the sends", ((1, INVOKE, "txn", send(1)), (1, FAIL, "txn", []))),
    ("a send of nothing while another", ((1, INVOKE, "send", []), (1, INVOKE, "send", []))),
    ("1 is sent to 't-0' again", ((1, INVOKE, "send", send(1)), (2, INVOKE, "send", send(1)))),
    ("1 is sent to 't-0' again", ((1, INVOKE, "txn", [*send(1), *send(1)]),)),
    (
        "1 is sent to 't-0' again",
        ((1, INVOKE, "send", send(1)), (1, FAIL, "send", send(1)), (1, INVOKE, "txn", send(1))),
    ),
    ("process 1 goes on after", ((1, INVOKE, "poll", POLL), (1, INFO, "poll", POLL), (1, INVOKE, "poll", POLL))),
    ("process 1 goes on after", ((1, INFO, "poll", POLL), (1, OK, "poll", POLL))),
    ("process 1 goes on after", ((1, INVOKE, "txn", []), (1, INFO, "txn", []), (1, INVOKE, "send", send(1)))),
    ("process 1 goes on after", ((1, OK, "crash", None), (1, INVOKE, "send", send(1)))),
]


@pytest.mark.parametrize(("named", "events"), REFUSED, ids=range(len(REFUSED)))
def test_what_may_not_follow_is_named_at_its_last_event(named: str, events: tuple[Event, ...]) -> None:
    follow(*events[:-1])
    with pytest.raises(Malformed, match=named):
        follow(*events)


@pytest.mark.parametrize(("index", "time_ns"), [(4, 9), (3, 9), (5, 6)])
def test_indexes_grow_and_time_never_falls(index: int, time_ns: int) -> None:
    sequence = Sequence()
    sequence.add(Op(4, 7, "nemesis", INFO, "kill", None))
    with pytest.raises(Malformed, match="after"):
        sequence.add(Op(index, time_ns, "nemesis", INFO, "kill", None))


def test_indexes_may_have_gaps_and_times_may_be_equal() -> None:
    sequence = Sequence()
    sequence.add(Op(4, 7, "nemesis", INFO, "kill", None))
    sequence.add(Op(9, 7, "nemesis", INFO, "kill", None))
