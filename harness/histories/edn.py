"""The EDN form of a history: what Jepsen's Kafka workload writes becomes operations in the words of this harness."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import ply.yacc
from edn_format import Keyword, MetadataValue, Symbol, edn_lex, edn_parse

from harness.errors import UsageError
from harness.histories.sequence import ops_of
from harness.histories.shape import DEEPEST, LARGEST, Malformed, shown
from harness.ops import Op

_OPERATIONS = "Jepsen's operations: one map after the other, or one vector of them"

_TOKEN = re.compile(
    r"""(?P<blank> [\s,]+ | ;[^\n]*)
      | (?P<tag> \#[A-Za-z][^\s,;"()\[\]{}]*)
      | (?P<opening> \#?\{ | [\[(])
      | (?P<closing> [\])}])
      | (?P<atom> "[^"\\]*(?:\\.[^"\\]*)*" | \\(?:\w+|.) | [^\s,;"()\[\]{}\\]+)
      | (?P<unfinished> .)""",
    re.VERBOSE | re.DOTALL,
)


def read(path: Path) -> Iterator[Op]:
    """Give the operations of a Jepsen history one by one, each checked as those of JSON Lines are.

    Keys are written with their digits, keywords with their names; operations that have no index at all are counted.
    What cannot be read is a UsageError that names the file, the line where its operation begins, and what was expected.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise UsageError(f"{path}:1: {error.strerror}", remedy=f"expected {_OPERATIONS}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Malformed(f"not UTF-8 ({error.reason})", expected=_OPERATIONS).at(path, line) from error
    yield from ops_of(path, _forms(path, text), _Reading().fields)


def _forms(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Give each operation's text and the line where it begins.

    Tags go: they name classes of Jepsen's, and what they stand before is what counts.
    """
    depth, outer, start = 0, 0, 1
    parts: list[str] = []
    for kind, token, line in _tokens(text):
        if kind == "opening":
            outer = outer if depth else int(token != "{")
            start = line if depth == outer else start
            depth += 1
        if depth > outer and kind != "unfinished":
            parts.append(" " if kind in ("blank", "tag") else token)
        elif kind in ("atom", "unfinished") or (kind == "closing" and not depth):
            raise Malformed(f"got {shown(token)}", expected=_OPERATIONS).at(path, line)
        if kind == "closing":
            depth -= 1
            if parts and depth == outer:
                yield start, "".join(parts)
                parts.clear()
    if depth:
        raise Malformed("this is not closed before the file ends", expected="its closing bracket").at(path, start)


def _tokens(text: str) -> Iterator[tuple[str | None, str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        yield match.lastgroup, match[0], line
        line += match[0].count("\n")


@cache
def _parser() -> tuple[Any, Any]:
    """Return the library's parser and lexer; its own entry would build both anew for each operation."""
    quiet = ply.yacc.NullLogger()
    return ply.yacc.yacc(module=edn_parse, debug=False, write_tables=False, errorlog=quiet), edn_lex.lex()


def _parsed(form: str) -> object:
    parser, lexer = _parser()
    try:
        (value,) = parser.parse(form, lexer=lexer)
    except Exception as error:  # the parser has no one class for what it cannot read
        raise Malformed(f"not EDN ({shown(str(error))}): {shown(form)}", expected=_OPERATIONS) from error
    return value


def _plain(value: object, depth: int = DEEPEST) -> Any:
    """Return an EDN value in the types of JSON: keywords and symbols become their names."""
    if depth < 0:
        raise Malformed("this is nested too deep", expected=f"at most {DEEPEST} collections in one another")
    match value:
        case None | bool():
            return value
        case int():
            return _whole(value)
        case str():
            return _text(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case Keyword() | Symbol():
            return value.name
        case MetadataValue():
            return _plain(value.value, depth - 1)
        case Mapping():
            return _plain_map(value, depth)
        case Sequence():
            return [_plain(inner, depth - 1) for inner in value]
        case frozenset():
            return sorted((_plain(inner, depth - 1) for inner in value), key=json.dumps)
    return str(value)


def _plain_map(value: Mapping[object, object], depth: int) -> dict[str, Any]:
    plain = {_name(key, depth - 1): _plain(inner, depth - 1) for key, inner in value.items()}
    if len(plain) != len(value):
        raise Malformed(f"two keys of one name in {shown(sorted(plain))}", expected="each key once in a map")
    return plain


def _name(key: object, depth: int) -> str:
    plain = _plain(key, depth)
    return plain if type(plain) is str else json.dumps(plain)


def _whole(value: int) -> int:
    if not -LARGEST - 1 <= value <= LARGEST:
        raise Malformed("a whole number of more than 64 bits", expected="smaller numbers")
    return value


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"half a character in {shown(value)}", expected="whole characters") from error
    return value


class _Reading:
    """The operations read so far: they tell whether the file has indexes."""

    def __init__(self) -> None:
        self._read = 0
        self._indexed = False

    def fields(self, form: str) -> dict[str, Any]:
        """Return the fields of the operation that a form describes."""
        fields = _plain(_parsed(form))
        if type(fields) is not dict:
            raise Malformed(f"got {shown(fields)}", expected=_OPERATIONS)
        indexed = fields.get("index") is not None
        if self._read and indexed != self._indexed:
            got = "an operation with an index" if indexed else "an operation without an index"
            raise Malformed(f"{got}, not like those before", expected="an index on all operations, or on none")
        if not indexed:
            fields["index"] = self._read
        self._indexed = indexed
        self._read += 1
        return _in_our_words(fields)


def _in_our_words(fields: dict[str, Any]) -> dict[str, Any]:
    """Turn Jepsen's numbers of keys into words and its errors into names; what is not as expected stays as it is."""
    f, value = fields.get("f"), fields.get("value")
    if f in ("send", "poll", "txn") and type(value) is list:
        for micro in value:
            if type(micro) is list and len(micro) == 3:
                micro[1] = _word(micro[1])
    elif f in ("assign", "subscribe"):
        fields["value"] = _words([] if value is None else value)
    log = fields.get("rebalance-log")
    for entry in log if type(log) is list else ():
        if type(entry) is dict and "keys" in entry:
            entry["keys"] = _words(entry["keys"])
    if "error" in fields and type(fields["error"]) is not str:
        fields["error"] = _error(fields["error"])
    return fields


def _words(keys: object) -> object:
    return [_word(key) for key in keys] if type(keys) is list else keys


def _word(key: object) -> object:
    return str(key) if type(key) is int else key


def _error(error: object) -> str:
    """Name an error that Jepsen describes with a vector or a map: what it is comes first."""
    if type(error) is list and all(type(part) is str for part in error):
        return ": ".join(error)
    return json.dumps(error)
