"""The journal: operations appended to a file as they happen, so that a killed run can still be judged."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from harness.errors import UsageError
from harness.ops import HISTORY_FORMAT, History, Op, OpType, history_of
from harness.runclock import RunClock


class Journal:
    """An append-only history file in JSON Lines; any thread may append, each line is written out at once."""

    def __init__(self, path: Path, *, clock: RunClock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._ops: list[Op] = []
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._file.write(json.dumps({"format": HISTORY_FORMAT}) + "\n")

    def append(
        self, *, process: int | str, type: OpType, f: str, value: object, extra: Mapping[str, object] | None = None
    ) -> Op:
        """Record one operation with the current time and return it."""
        with self._lock:
            op = Op(len(self._ops), self._clock.now_ns(), process, type, f, value, extra or {})
            self._ops.append(op)
            self._file.write(json.dumps(op.as_json(), separators=(",", ":")) + "\n")
        return op

    def history(self) -> History:
        """Return what was recorded so far, in the form that checkers read."""
        with self._lock:
            return history_of(tuple(self._ops))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_ops(path: Path) -> tuple[Op, ...]:
    """Read a history file; a line that is not what the format says is an error that names file and line.

    A last line without its newline is what a killed run leaves behind: it is dropped, everything before it counts.
    """
    whole = path.read_bytes()
    lines = _text(whole[: whole.rfind(b"\n") + 1], path).split("\n")[:-1]
    if not lines or _object(lines[0], path, 1).get("format") != HISTORY_FORMAT:
        raise UsageError(
            f"{path}:1: got {lines[0][:80]!r}" if lines else f"{path}: the file is empty",
            remedy=f'expected the line {{"format": "{HISTORY_FORMAT}"}} first',
        )
    return tuple(_op(line, path, number) for number, line in enumerate(lines[1:], start=2))


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{number}: not UTF-8 ({error.reason})", remedy="expected JSON Lines") from error


def _object(line: str, path: Path, number: int) -> dict[str, object]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{path}:{number}: not JSON ({error})", remedy="expected one JSON object per line") from error
    if not isinstance(value, dict):
        raise UsageError(f"{path}:{number}: got {value!r}", remedy="expected one JSON object per line")
    return value


def _op(line: str, path: Path, number: int) -> Op:
    fields = _object(line, path, number)
    try:
        return Op(
            index=_whole(fields.pop("index"), "index"),
            time_ns=_whole(fields.pop("time"), "time"),
            process=_word(fields.pop("process"), "process", or_whole=True),
            type=OpType(fields.pop("type")),
            f=str(_word(fields.pop("f"), "f", or_whole=False)),
            value=fields.pop("value"),
            extra=fields,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(
            f"{path}:{number}: {error!r} in {line[:120]!r}",
            remedy="expected index, time, process, type (invoke, ok, fail or info), f and value",
        ) from error


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, not a whole number")
    return value


def _word(value: object, name: str, *, or_whole: bool) -> int | str:
    if or_whole and isinstance(value, int):
        return _whole(value, name)
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}, not a word")
    return value
