"""The shape of one event: its fields, its value and its optional fields, as docs/history.md describes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from reprlib import Repr
from typing import Any

from harness.errors import UsageError
from harness.ops import Op, OpType

LARGEST = 2**63 - 1
"""The largest whole number: columns hold 64 bits."""

DEEPEST = 32
"""How deep what is kept and not judged may nest: deeper, and whoever prints it again runs out of stack."""

_TYPES = {kind.value: kind for kind in OpType}
_ISOLATION = ("read_committed", "read_uncommitted")
_REBALANCES = ("assigned", "revoked", "lost")
_FIGURES = frozenset({"low", "high", "leader-epoch"})

_OFFSET = f"an offset: a whole number from 0 to {LARGEST}"
_VALUE = f"a record's value: a word or a whole number from {-LARGEST - 1} to {LARGEST}"
_SEND = 'a send: ["send", key, value], completed as ["send", key, [offset, value]] with an offset or null'
_POLL = '["poll"], completed as ["poll", {key: [[offset, value], …]}]'
_OBSERVE = 'a list of ["watermarks", key, {figure: number}] and ["committed", group, {key: offset}]'

_short = Repr()
_short.maxstring = _short.maxother = 80
_short.maxlevel = 4


def shown(value: object) -> str:
    """Return a value as an error shows it: short, however long or deep it is."""
    return _short.repr(value)


class Malformed(ValueError):
    """An event is not what the format says: what was got, and what was expected."""

    def __init__(self, got: str, *, expected: str) -> None:
        self.got, self.expected = got, expected
        super().__init__(f"{got}: expected {expected}")

    def at(self, path: Path, line: int) -> UsageError:
        """Return the error that a user is shown, with the place where it is."""
        return UsageError(f"{path}:{line}: {self.got}", remedy=f"expected {self.expected}")


def sends_in(value: Any) -> tuple[tuple[str, int | str], ...]:
    """Return key and value of each send of a checked list of micro-operations."""
    return tuple(
        (micro[1], micro[2][1] if type(micro[2]) is list else micro[2]) for micro in value if micro[0] == "send"
    )


class Shape:
    """The shape of a history's events; the first record says of which kind the values of all records are."""

    def __init__(self) -> None:
        self._kind: type | None = None
        self._checks: dict[str, Callable[[Any, bool], None]] = {
            "send": self._sends,
            "poll": self._polls,
            "txn": self._micros,
            "assign": _words,
            "subscribe": _words,
            "commit": _commits,
            "observe": _observations,
        }

    def op(self, fields: dict[str, Any]) -> Op:
        """Return the operation that these fields describe; the fields are used up."""
        try:
            index, time_ns, process = fields.pop("index"), fields.pop("time"), fields.pop("process")
            kind, f, value = fields.pop("type"), fields.pop("f"), fields.pop("value")
        except KeyError as error:
            expected = "the fields index, time, process, type, f and value"
            raise Malformed(f"no field {error.args[0]!r}", expected=expected) from error
        _natural(index, "index", expected=f"a whole number from 0 to {LARGEST}")
        _natural(time_ns, "time", expected=f"nanoseconds: a whole number from 0 to {LARGEST}")
        if type(process) is not str and not (type(process) is int and -LARGEST <= process <= LARGEST):
            raise Malformed(f"process is {shown(process)}", expected="a word or a whole number of 64 bits")
        if type(kind) is not str or kind not in _TYPES:
            raise Malformed(f"type is {shown(kind)}", expected=f"one of {', '.join(_TYPES)}")
        if type(f) is not str:
            raise Malformed(f"f is {shown(f)}", expected="a word, such as send or poll")
        op = Op(index, time_ns, process, _TYPES[kind], f, value, fields)
        self._check(op)
        return op

    def _check(self, op: Op) -> None:
        check = self._checks.get(op.f)
        if check is None:
            _shallow(op.value, "value")
        else:
            check(op.value, op.type is not OpType.INVOKE)
        for name, value in op.extra.items():
            known = _EXTRAS.get(name) if check is not None else None
            if known is None:
                _shallow(value, name)
            else:
                known(value, name)
        if op.type is not OpType.INVOKE:
            _complete(op)

    def _sends(self, value: Any, ended: bool) -> None:
        for micro in _list(value, "a list of sends"):
            if not self._is_send(micro, ended):
                raise Malformed(f"a send of {shown(micro)}", expected=_SEND)

    def _polls(self, value: Any, ended: bool) -> None:
        for micro in _list(value, "a list of polls"):
            if not self._is_poll(micro, ended):
                raise Malformed(f"a poll of {shown(micro)}", expected=_POLL)

    def _micros(self, value: Any, ended: bool) -> None:
        for micro in _list(value, "a list of sends and polls"):
            if not (self._is_send(micro, ended) or self._is_poll(micro, ended)):
                raise Malformed(f"a micro-operation {shown(micro)}", expected=f"{_SEND}; or a poll: {_POLL}")

    def _is_send(self, micro: Any, ended: bool) -> bool:
        if type(micro) is not list or len(micro) != 3 or micro[0] != "send" or type(micro[1]) is not str:
            return False
        payload = micro[2]
        if type(payload) is list:
            if not ended or len(payload) != 2:
                return False
            offset, payload = payload
            if offset is not None:
                _natural(offset, "offset", expected=_OFFSET)
        self._record(payload)
        return True

    def _is_poll(self, micro: Any, ended: bool) -> bool:
        if type(micro) is not list or not micro or micro[0] != "poll":
            return False
        if len(micro) == 1:
            return True
        if not ended or len(micro) != 2 or type(micro[1]) is not dict:
            return False
        for records in micro[1].values():
            if type(records) is not list:
                return False
            self._records(records)
        return True

    def _records(self, records: list[Any]) -> None:
        for record in records:
            if type(record) is not list or len(record) != 2:
                raise Malformed(f"a record {shown(record)}", expected="a record that was read: [offset, value]")
            offset, value = record
            if type(offset) is not int or not 0 <= offset <= LARGEST:
                raise Malformed(f"offset is {shown(offset)}", expected=_OFFSET)
            self._record(value)

    def _record(self, value: Any) -> None:
        kind = type(value)
        if kind is not self._kind:
            if kind is not int and kind is not str:
                raise Malformed(f"a record's value is {shown(value)}", expected=_VALUE)
            if self._kind is not None:
                before = "words" if self._kind is str else "whole numbers"
                raise Malformed(f"a record's value is {shown(value)}", expected=f"{before}, as in the lines before")
            self._kind = kind
        if kind is int and not -LARGEST - 1 <= value <= LARGEST:
            raise Malformed(f"a record's value is {shown(value)}", expected=_VALUE)


def _natural(value: object, name: str, *, expected: str) -> None:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise Malformed(f"{name} is {shown(value)}", expected=expected)


def _list(value: Any, expected: str) -> list[Any]:
    if type(value) is not list:
        raise Malformed(f"value is {shown(value)}", expected=expected)
    return value


def _shallow(value: Any, name: str, depth: int = DEEPEST) -> None:
    if depth < 0:
        raise Malformed(f"{name} is nested too deep", expected=f"at most {DEEPEST} lists and objects in one another")
    if type(value) is list:
        for inner in value:
            _shallow(inner, name, depth - 1)
    elif type(value) is dict:
        for inner in value.values():
            _shallow(inner, name, depth - 1)


def _words(value: Any, _: bool) -> None:
    if type(value) is not list or not all(type(word) is str for word in value):
        raise Malformed(f"value is {shown(value)}", expected="a list of words: the keys or topics")


def _offsets(value: Any, name: str) -> None:
    if type(value) is not dict:
        raise Malformed(f"{name} is {shown(value)}", expected="{key: offset}")
    for offset in value.values():
        _natural(offset, f"an offset of {name}", expected=_OFFSET)


def _commits(value: Any, _: bool) -> None:
    _offsets(value, "value")


def _observations(value: Any, _: bool) -> None:
    for micro in _list(value, _OBSERVE):
        whole = type(micro) is list and len(micro) == 3 and type(micro[1]) is str
        if whole and micro[0] == "watermarks" and type(micro[2]) is dict and micro[2].keys() <= _FIGURES:
            for name, figure in micro[2].items():
                _natural(figure, name, expected=f"a whole number from 0 to {LARGEST}")
        elif whole and micro[0] == "committed":
            _offsets(micro[2], "committed")
        else:
            figures = ", ".join(sorted(_FIGURES))
            raise Malformed(f"an observation {shown(micro)}", expected=f"{_OBSERVE}; the figures are {figures}")


def _word(value: Any, name: str) -> None:
    if type(value) is not str:
        raise Malformed(f"{name} is {shown(value)}", expected="a word")


def _isolation(value: Any, name: str) -> None:
    if type(value) is not str or value not in _ISOLATION:
        raise Malformed(f"{name} is {shown(value)}", expected=" or ".join(_ISOLATION))


def _truth(value: Any, name: str) -> None:
    if type(value) is not bool:
        raise Malformed(f"{name} is {shown(value)}", expected="true or false")


def _rebalances(value: Any, name: str) -> None:
    expected = f'a list of {{"type": one of {", ".join(_REBALANCES)}, "keys": [key, …]}}'
    if type(value) is not list:
        raise Malformed(f"{name} is {shown(value)}", expected=expected)
    for entry in value:
        keys = entry.get("keys") if type(entry) is dict else None
        if type(keys) is not list or not all(type(key) is str for key in keys) or entry.get("type") not in _REBALANCES:
            raise Malformed(f"{name} has {shown(entry)}", expected=expected)
        _shallow(entry, name)


def _covers(value: Any, name: str) -> None:
    expected = "{key: [low, high]} with offsets and low not above high"
    if type(value) is not dict:
        raise Malformed(f"{name} is {shown(value)}", expected=expected)
    for ends in value.values():
        if type(ends) is not list or len(ends) != 2:
            raise Malformed(f"{name} has {shown(ends)}", expected=expected)
        for end in ends:
            _natural(end, f"an offset of {name}", expected=_OFFSET)
        if ends[0] > ends[1]:
            raise Malformed(f"{name} has {shown(ends)}", expected=expected)


def _milliseconds(value: Any, name: str) -> None:
    if type(value) is not dict or not all(type(ms) is int and abs(ms) <= LARGEST for ms in value.values()):
        raise Malformed(f"{name} is {shown(value)}", expected="{key: milliseconds}, whole numbers")


_EXTRAS: dict[str, Callable[[Any, str], None]] = {
    "error": _word,
    "group": _word,
    "committed": _offsets,
    "txn-id": _word,
    "isolation": _isolation,
    "rebalance-log": _rebalances,
    "final": _truth,
    "covers": _covers,
    "timestamp-ms": _milliseconds,
}


def _complete(op: Op) -> None:
    """Refuse the end of an operation that lacks a field without which another one says nothing."""
    if "group" not in op.extra and (op.f == "commit" or (op.f == "txn" and "committed" in op.extra)):
        raise Malformed(f"a {op.f} that commits offsets without a group", expected="the field group beside them")
    if op.f == "poll" and "covers" in op.extra and op.extra.get("final") is not True:
        raise Malformed("a poll with covers that is not final", expected='"final": true beside covers')
