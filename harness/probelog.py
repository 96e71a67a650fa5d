"""The probe log: what each probe of a cluster meant to do, did and was told, on the run's clock; JSON Lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.services import Service

FORMAT = "greenfield-probes/1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """One probe: when it was due, when it was sent, when it was over, and whether the cluster did what was asked.

    `error` says what became of one that was not served; `ended_ns` is then when that was known.
    """

    service: Service
    key: str
    intended_ns: int
    begun_ns: int
    ended_ns: int
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def lateness_ns(self) -> int:
        """How late it was sent; that is never the cluster's fault."""
        return self.begun_ns - self.intended_ns

    def as_line(self) -> str:
        """Return the probe as one line of the log."""
        fields: dict[str, object] = {
            "service": self.service.value,
            "key": self.key,
            "intended": self.intended_ns,
            "begun": self.begun_ns,
            "ended": self.ended_ns,
            "ok": self.ok,
        }
        if self.error is not None:
            fields["error"] = self.error
        return json.dumps(fields, separators=(",", ":")) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Probe:
        """Read a line of the log."""
        fields = json.loads(line)
        return cls(
            service=Service(fields["service"]),
            key=fields["key"],
            intended_ns=fields["intended"],
            begun_ns=fields["begun"],
            ended_ns=fields["ended"],
            error=None if fields["ok"] else fields["error"],
        )


HEADER = json.dumps({"format": FORMAT}) + "\n"
"""The first line of a log."""


class Follower:
    """Reads a log while it is written; a line without its end (it is being written, or was cut off) does not count."""

    def __init__(self, path: Path) -> None:
        self._path, self._position = path, 0

    def more(self) -> list[Probe]:
        """Return the probes that were written since the last call; none while there is no file."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._position)
            whole, newline, _ = file.read().rpartition(b"\n")
        lines = (whole + newline).decode().splitlines(keepends=True)
        if self._position == 0 and lines and lines.pop(0) != HEADER:
            raise UsageError(
                f"{self._path} does not begin with {HEADER.strip()}", remedy="give a probe log of this version"
            )
        self._position += len(whole) + len(newline)
        return [Probe.of_line(line) for line in lines]
