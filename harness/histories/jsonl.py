"""The JSON Lines form of a history: a file becomes operations, or an error that names the line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from harness.errors import UsageError
from harness.histories.sequence import ops_of
from harness.histories.shape import Malformed, shown
from harness.ops import HISTORY_FORMAT, Op

OLD_FORMAT = "greenfield-history/1"

_OBJECT = "one JSON object per line"
_SPACED = re.compile(rb'"\s')
"""A quote and a blank: perhaps the end of a name whose colon comes later."""


def read(path: Path) -> Iterator[Op]:
    """Give the operations of a history file one by one, each of them checked.

    A last line without its newline is what a killed run leaves behind: it is dropped, everything before it counts.
    What is not as docs/history.md says is a UsageError that names file, line and what was expected.
    """
    try:
        with path.open("rb") as file:
            lines = _whole(file)
            _expect_header(path, next(lines, None))
            yield from ops_of(path, enumerate(lines, start=2), _fields)
    except OSError as error:
        raise UsageError(f"{path}:1: {error.strerror}", remedy="expected a history: a file of JSON Lines") from error


def write_lines(ops: Iterable[Op], path: Path) -> None:
    """Write operations as a history file."""
    with path.open("wb") as file:
        for line in ({"format": HISTORY_FORMAT}, *(op.as_json() for op in ops)):
            file.write(orjson.dumps(line) + b"\n")


def _whole(file: Iterable[bytes]) -> Iterator[bytes]:
    return (line for line in file if line.endswith(b"\n"))


def _expect_header(path: Path, line: bytes | None) -> None:
    expected = f'the line {{"format":"{HISTORY_FORMAT}"}} first'
    try:
        if line is None:
            raise Malformed("the file is empty", expected=expected)
        found = _fields(line).get("format")
        if found == OLD_FORMAT:
            got = f"this history has the old format {OLD_FORMAT}, which is read no more"
            other = "run the clause again, or judge it with the release that wrote it"
            raise Malformed(got, expected=f"{HISTORY_FORMAT}: {other}")
        if found != HISTORY_FORMAT:
            raise Malformed(f"got {shown(line.decode().strip())}", expected=expected)
    except Malformed as error:
        raise error.at(path, 1) from error


def _fields(line: bytes) -> dict[str, Any]:
    """Return the object of a line; a key that it has twice is an error."""
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Malformed(_what_is_wrong(line, error), expected=_OBJECT) from error
    if type(fields) is not dict:
        raise Malformed(f"got {shown(fields)}", expected=_OBJECT)
    if not _surely_unique(line, fields):
        _expect_unique(line)
    return fields


def _what_is_wrong(line: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        line.decode()
    except UnicodeDecodeError as undecodable:
        return f"not UTF-8 at byte {undecodable.start + 1}"
    return f"not JSON ({error.msg} at column {error.colno}): {shown(line.decode().strip())}"


def _surely_unique(line: bytes, fields: dict[str, Any]) -> bool:
    """Say whether there are no more colons than names; no parser that is fast tells of a name that is there twice."""
    names = _names_in(fields)
    return line.count(b":") == names or (line.count(b'":') == names and _SPACED.search(line) is None)


def _names_in(fields: dict[str, Any]) -> int:
    """Count the names of a line's objects, those in the usual places only."""
    names = len(fields)
    value = fields.get("value")
    if type(value) is list:
        for micro in value:
            if type(micro) is list and micro and type(micro[-1]) is dict:
                names += len(micro[-1])
    elif type(value) is dict:
        names += len(value)
    return names


def _expect_unique(line: bytes) -> None:
    try:
        json.loads(line, object_pairs_hook=_unique, parse_int=float)
    except RecursionError as error:
        raise Malformed("the line is nested too deep", expected=_OBJECT) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise Malformed(f"the name {shown(twice)} is there twice", expected="each name once in an object")
    return fields
