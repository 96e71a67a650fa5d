"""Operations: sends are paired with their ends, and what nobody answered is unknown."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.ops import History, Op, OpType, history_of


def journal(*lines: tuple[int | str, str, str, object]) -> History:
    """Make a history of operations: process, type, f and value."""
    return history_of(
        [
            Op(index, index * 10, process, OpType(type), f, value)
            for index, (process, type, f, value) in enumerate(lines)
        ]
    )


def test_a_send_is_paired_with_its_answer() -> None:
    (send,) = journal(
        (3, "invoke", "send", [["send", "t-0", "a"]]), (3, "ok", "send", [["send", "t-0", [104, "a"]]])
    ).sends
    assert (send.key, send.value, send.process, send.offset, send.outcome) == ("t-0", "a", 3, 104, OpType.OK)
    assert (send.invoked_ns, send.ended_ns) == (0, 10)


def test_a_send_that_never_ended_is_unknown() -> None:
    (send,) = journal((3, "invoke", "send", [["send", "t-0", "a"]])).sends
    assert (send.outcome, send.offset, send.ended_ns) == (OpType.INFO, None, None)


def test_an_acknowledgement_may_lack_an_offset() -> None:
    (send,) = journal(
        (3, "invoke", "send", [["send", "t-0", "a"]]), (3, "ok", "send", [["send", "t-0", [None, "a"]]])
    ).sends
    assert (send.outcome, send.offset) == (OpType.OK, None)


def test_answers_may_come_in_any_order_and_the_sequence_is_that_of_the_invocations() -> None:
    sends = journal(
        (3, "invoke", "send", [["send", "t-0", "a"]]),
        (3, "invoke", "send", [["send", "t-0", "b"]]),
        (3, "ok", "send", [["send", "t-0", [1, "b"]]]),
        (3, "fail", "send", [["send", "t-0", "a"]]),
    ).sends
    assert [(s.value, s.sequence, s.outcome) for s in sends] == [("a", 0, OpType.FAIL), ("b", 1, OpType.OK)]


def test_several_sends_of_one_operation_to_one_partition_keep_their_own_offsets() -> None:
    sends = journal(
        (3, "invoke", "send", [["send", "t-0", "a"], ["send", "t-0", "b"], ["send", "t-1", "c"]]),
        (3, "ok", "send", [["send", "t-0", [7, "a"]], ["send", "t-0", [8, "b"]], ["send", "t-1", [1, "c"]]]),
    ).sends
    assert [(s.key, s.value, s.offset) for s in sends] == [("t-0", "a", 7), ("t-0", "b", 8), ("t-1", "c", 1)]


def test_two_processes_may_send_the_same_value() -> None:
    sends = journal(
        (3, "invoke", "send", [["send", "t-0", "a"]]),
        (4, "invoke", "send", [["send", "t-0", "a"]]),
        (4, "ok", "send", [["send", "t-0", [0, "a"]]]),
    ).sends
    assert [(s.process, s.outcome) for s in sends] == [(3, OpType.INFO), (4, OpType.OK)]


def test_an_answer_to_what_was_never_sent_is_refused_with_its_place() -> None:
    with pytest.raises(UsageError, match="operation 0 ends a send of 'a' to t-0 that process 3 never invoked"):
        journal((3, "ok", "send", [["send", "t-0", [0, "a"]]]))


def test_reads_come_in_the_order_in_which_they_were_delivered() -> None:
    history = journal(
        (7, "invoke", "poll", [["poll"]]),
        (7, "ok", "poll", [["poll", {"t-0": [[0, "a"], [1, "b"]], "t-1": [[5, "c"]]}]]),
        (7, "ok", "poll", [["poll"]]),
        (8, "info", "poll", [["poll", {"t-0": [[0, "a"]]}]]),
    )
    assert [(r.process, r.key, r.offset, r.value) for r in history.reads] == [
        (7, "t-0", 0, "a"),
        (7, "t-0", 1, "b"),
        (7, "t-1", 5, "c"),
        (8, "t-0", 0, "a"),
    ]


def test_final_reads_are_those_of_processes_that_say_so() -> None:
    final = Op(0, 0, "final", OpType.OK, "poll", [["poll", {"t-0": [[0, "a"]]}]], {"final": True})
    other = Op(1, 1, 7, OpType.OK, "poll", [["poll", {"t-0": [[0, "a"]]}]])
    history = history_of([final, other])
    assert history.final == frozenset({"final"})
    assert [read.process for read in history.final_reads] == ["final"]


def test_what_is_neither_a_send_nor_a_poll_is_left_to_others() -> None:
    history = journal(("nemesis", "info", "pod-kill", {"pod": "kafka-1"}), (1, "ok", "assign", ["t-0"]))
    assert (history.sends, history.reads) == ((), ())
