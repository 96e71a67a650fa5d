"""A follower: reads the traces of all engines while they grow, each line once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.measuring.frames import Frame
from harness.measuring.ledger import Ledger
from harness.measuring.trace import ENGINES, SUFFIX, parse


@dataclass(kw_only=True)
class Follower:
    """Follows the traces of the engines whose names begin like this, also in the folders of workers below.

    Engines may start while they are followed. A line that is not whole yet is read when it is.
    """

    folder: Path
    engines: tuple[str, ...] = ENGINES
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    """By engine; each leaves one at its end."""
    _read: dict[Path, int] = field(default_factory=dict)

    def new_frames(self) -> tuple[Frame, ...]:
        """Return the frames that were written since the last call, and keep the ledgers."""
        found: list[Frame] = []
        for path in sorted(self.folder.rglob(f"*{SUFFIX}")):
            if path.name.startswith(self.engines):
                found.extend(self._new_frames_of(path))
        return tuple(found)

    def _new_frames_of(self, path: Path) -> tuple[Frame, ...]:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read[path] = self._read.get(path, 0) + len(whole) + len(newline)
        seen = parse(whole.decode().splitlines())
        for entry in seen.ledgers:
            self.ledgers[path.name.removesuffix(SUFFIX)] = entry
        return seen.frames
