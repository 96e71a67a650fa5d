"""A trace: the file that one engine leaves, a frame on each line and its ledger on the last."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from harness.measuring import ledger
from harness.measuring.frames import Frame
from harness.measuring.ledger import Ledger

SUFFIX = ".jsonl"
ENGINES = ("producer-", "consumer-")
"""How the names of traces begin; other files of a load end alike."""


class TraceWriter:
    """Writes a trace line by line, so that it can be followed while it grows and survives its engine."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def frame(self, frame: Frame) -> None:
        self._line({"frame": frame.as_json()})

    def ledger(self, entry: Ledger) -> None:
        self._line({"ledger": entry.as_json()})

    def _line(self, value: dict[str, object]) -> None:
        self._file.write(json.dumps(value, separators=(",", ":")) + "\n")
        self._file.flush()


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What one or several engines left; an engine that was cut off has frames and no ledger."""

    frames: tuple[Frame, ...]
    ledgers: tuple[Ledger, ...]


def parse(lines: Iterable[str]) -> Trace:
    """Read whole lines of a trace."""
    values = [json.loads(line) for line in lines]
    return Trace(
        frames=tuple(Frame.from_json(value["frame"]) for value in values if "frame" in value),
        ledgers=tuple(ledger.from_json(value["ledger"]) for value in values if "ledger" in value),
    )


def read(folder: Path) -> Trace:
    """Read every trace of a folder; a last line that was cut off is left out."""
    lines: list[str] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
        lines.extend(whole.splitlines())
    return parse(lines)
