"""The journal: operations appended to a file as they happen, so that a killed run can still be judged."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from harness.ops import HISTORY_FORMAT, Op, OpType
from harness.runclock import RunClock


class Journal:
    """An append-only history file in JSON Lines; any thread may append, each line is written out at once."""

    def __init__(self, path: Path, *, clock: RunClock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._file.write(json.dumps({"format": HISTORY_FORMAT}) + "\n")

    def append(
        self, *, process: int | str, type: OpType, f: str, value: object, extra: Mapping[str, object] | None = None
    ) -> Op:
        """Record one operation with the current time and return it."""
        with self._lock:
            op = Op(self._count, self._clock.now_ns(), process, type, f, value, extra or {})
            self._count += 1
            self._file.write(json.dumps(op.as_json(), separators=(",", ":")) + "\n")
        return op

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
