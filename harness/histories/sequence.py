"""The sequence of a history's events: what the lines before allow the next one to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from harness.histories.shape import Malformed, Shape, sends_in, shown
from harness.ops import Op, OpType

Line = TypeVar("Line")
Sends = tuple[tuple[str, int | str], ...]

_SINGLE = frozenset({"poll", "txn", "assign", "subscribe", "commit", "observe"})
"""What a process has one of at a time; `send` may be under way several times, everything else is a remark."""

_ALONE = _SINGLE - {"txn"}
"""What may be given by its end alone."""


def ops_of(path: Path, lines: Iterable[tuple[int, Line]], fields_of: Callable[[Line], dict[str, Any]]) -> Iterator[Op]:
    """Give the operations of numbered lines; the first that is not as it must be is an error that names its line."""
    shape, sequence = Shape(), Sequence()
    for number, line in lines:
        try:
            op = shape.op(fields_of(line))
            sequence.add(op)
        except Malformed as error:
            raise error.at(path, number) from error
        yield op


class Sequence:
    """What is under way, and what has been: indexes grow, time does not fall, ends have beginnings.

    A process is retired by an `info` or a crash. A send whose fate is unknown does not retire it: the producer goes on
    with those that are under way beside it, and what it sends next must still land after them.
    """

    def __init__(self) -> None:
        self._index = -1
        self._time_ns = 0
        self._single: dict[int | str, tuple[str, Sends]] = {}
        self._sending: dict[int | str, set[Sends]] = {}
        self._sent: dict[str, set[int | str]] = {}
        self._retired: dict[int | str, int] = {}

    def add(self, op: Op) -> None:
        """Take the next event, or say what does not fit."""
        if op.index <= self._index:
            raise Malformed(f"index {op.index} after index {self._index}", expected="an index that grows")
        if op.time_ns < self._time_ns:
            raise Malformed(f"time {op.time_ns} after time {self._time_ns}", expected="a time that never falls")
        self._index, self._time_ns = op.index, op.time_ns
        if op.f == "send" or op.f in _SINGLE:
            sends = sends_in(op.value) if op.f in ("send", "txn") else ()
            if op.type is OpType.INVOKE:
                self._begin(op, sends)
            else:
                self._end(op, sends)
        elif op.f == "crash" and op.type is not OpType.INVOKE:
            self._retired[op.process] = op.index

    def _begin(self, op: Op, sends: Sends) -> None:
        self._expect_free(op)
        self._expect_new(sends)
        if op.f == "send":
            under_way = self._sending.setdefault(op.process, set())
            if sends in under_way:
                raise Malformed("a send of nothing while another is under way", expected="its end first")
            under_way.add(sends)
        else:
            self._single[op.process] = (op.f, sends)

    def _expect_free(self, op: Op) -> None:
        if op.process in self._retired:
            got = f"process {shown(op.process)} goes on after index {self._retired[op.process]}, which retired it"
            raise Malformed(got, expected="a process of another name after an info or a crash")
        if op.process in self._single:
            under_way = self._single[op.process][0]
        elif op.f != "send" and self._sending.get(op.process):
            under_way = "send"
        else:
            return
        got = f"a {op.f} of process {shown(op.process)} while its {under_way} is under way"
        raise Malformed(got, expected="one operation of a process at a time, save for several sends")

    def _expect_new(self, sends: Sends) -> None:
        for key, value in sends:
            sent = self._sent.setdefault(key, set())
            if value in sent:
                raise Malformed(
                    f"{shown(value)} is sent to {shown(key)} again", expected="each value once for each key"
                )
            sent.add(value)

    def _end(self, op: Op, sends: Sends) -> None:
        if op.f == "send":
            self._end_send(op, sends)
            return
        self._end_single(op, sends)
        if op.type is OpType.INFO:
            self._retired[op.process] = op.index

    def _end_send(self, op: Op, sends: Sends) -> None:
        under_way = self._sending.get(op.process, set())
        if sends not in under_way:
            got = f"the end of a send that process {shown(op.process)} did not begin: {shown(op.value)}"
            raise Malformed(got, expected="the keys and values of a send that is under way")
        under_way.remove(sends)

    def _end_single(self, op: Op, sends: Sends) -> None:
        if op.process not in self._single and op.f in _ALONE:
            self._expect_free(op)
            return
        begun, begun_sends = self._single.pop(op.process, (None, ()))
        if begun != op.f:
            got = f"the end of a {op.f} of process {shown(op.process)}, of which {begun or 'nothing'} is under way"
            raise Malformed(got, expected="an end after its beginning")
        if begun_sends != sends:
            got = f"a {op.f} that ends with the sends {shown(sends)} and began with {shown(begun_sends)}"
            raise Malformed(got, expected="an end that repeats the keys and values of its beginning")
