"""Operations: what clients asked and what they were told; a history is a sequence of them.

The words are those of Jepsen's Kafka workload. An operation is invoked and then ends `ok` (it happened), `fail` (it
surely did not) or `info` (nobody knows). The format of the file is described in docs/history.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from harness.errors import UsageError

HISTORY_FORMAT = "greenfield-history/2"


class OpType(Enum):
    """Where an operation stands."""

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Op:
    """One line of a history: `time_ns` is on the run's monotonic clock, `key` in a value is topic-partition."""

    index: int
    time_ns: int
    process: int | str
    type: OpType
    f: str
    value: object
    extra: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {
            "index": self.index,
            "time": self.time_ns,
            "process": self.process,
            "type": self.type.value,
            "f": self.f,
            "value": self.value,
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class Send:
    """One record that a client tried to write: how it ended, and the offset if it was told one."""

    key: str
    value: str
    process: int
    sequence: int
    invoked_ns: int
    ended_ns: int | None
    outcome: OpType
    offset: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """One record that a client was given."""

    key: str
    value: str
    offset: int
    process: int | str
    time_ns: int


@dataclass(frozen=True)
class History:
    """What clients saw, in the form that checkers read: sends in the order of their invocation, reads as they came.

    `final` names the processes whose reads cover every partition from its start to its end after all faults were
    healed; without one, nothing can be said about records that are missing.
    """

    sends: Sequence[Send]
    reads: Sequence[Read]
    final: frozenset[str] = frozenset()

    @cached_property
    def acknowledged(self) -> tuple[Send, ...]:
        return tuple(send for send in self.sends if send.outcome is OpType.OK)

    @cached_property
    def final_reads(self) -> tuple[Read, ...]:
        return tuple(read for read in self.reads if read.process in self.final)


def sends_of(ops: Iterable[Op]) -> Iterator[Send]:
    """Pair each invoked send with its end; a send that never ended is `info`: nobody knows."""
    invoked: dict[tuple[int | str, str, str], int] = {}
    ended: dict[int, tuple[Op, int | None]] = {}
    order: list[tuple[Op, str, str]] = []
    for op in ops:
        if op.f != "send":
            continue
        for _, key, payload in op.value:  # type: ignore[attr-defined]
            offset, value = payload if isinstance(payload, list | tuple) else (None, payload)
            if op.type is OpType.INVOKE:
                invoked[op.process, key, value] = len(order)
                order.append((op, key, value))
            elif (op.process, key, value) in invoked:
                ended[invoked[op.process, key, value]] = (op, offset)
            else:
                raise UsageError(
                    f"operation {op.index} ends a send of {value!r} to {key} that process {op.process} never invoked",
                    remedy="give the whole history, from its first line on",
                )
    for position, (op, key, value) in enumerate(order):
        end, offset = ended.get(position, (None, None))
        yield _send(op, end, key=key, value=value, sequence=position, offset=offset)


def _send(invoked: Op, end: Op | None, *, key: str, value: str, sequence: int, offset: int | None) -> Send:
    return Send(
        key=key,
        value=value,
        process=int(invoked.process),
        sequence=sequence,
        invoked_ns=invoked.time_ns,
        ended_ns=end.time_ns if end else None,
        outcome=end.type if end else OpType.INFO,
        offset=offset,
        error=str(end.extra["error"]) if end and "error" in end.extra else None,
    )


def reads_of(ops: Iterable[Op]) -> Iterator[Read]:
    """Give every record of every poll that ended, in the order in which it was delivered."""
    for op in ops:
        if op.f != "poll" or op.type is OpType.INVOKE:
            continue
        for micro in op.value:  # type: ignore[attr-defined]
            if len(micro) < 2:
                continue
            for key, records in micro[1].items():
                for offset, value in records:
                    yield Read(key=key, value=value, offset=offset, process=op.process, time_ns=op.time_ns)


def history_of(ops: Sequence[Op]) -> History:
    """Build the checkers' view of a sequence of operations."""
    final = frozenset(str(op.process) for op in ops if op.f == "poll" and op.extra.get("final") is True)
    return History(sends=tuple(sends_of(ops)), reads=tuple(reads_of(ops)), final=final)
