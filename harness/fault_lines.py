"""Fault lines: what a journal says of each injected fault, so that anybody can undo it later. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

HEALED = "healed and proven"
NOT_INJECTED = "never injected"
GONE = "gone with its namespace"


@dataclass(frozen=True, kw_only=True)
class FaultLine:
    """One fault of one run as it was planned before it was injected, and how it ended, if it has.

    `place` is the UID of the namespace under test: a namespace of the same name that was made later, or elsewhere, has
    another one, and nothing of this line is to be undone there.
    """

    run: str
    number: int
    place: str
    fault: str
    targets: tuple[str, ...]
    remedies: tuple[Mapping[str, object], ...]
    at: str
    ended: str | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.run, self.number

    @property
    def is_open(self) -> bool:
        return self.ended is None

    def as_text(self) -> str:
        """Return the line as it stands in a journal."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def __str__(self) -> str:
        state = self.ended or "open"
        return f"{self.run}/{self.number} {self.fault} on {', '.join(self.targets) or 'nothing'}: {state}"


def line_of(text: str) -> FaultLine:
    """Read a line back; anything that is not one raises ValueError."""
    fields = json.loads(text)
    try:
        return _line(**fields)
    except TypeError as error:
        raise ValueError(f"got {text[:200]!r}, expected a line of a fault journal") from error


def _line(*, targets: Iterable[str], remedies: Iterable[Mapping[str, object]], **fields: Any) -> FaultLine:
    return FaultLine(targets=tuple(targets), remedies=tuple(dict(remedy) for remedy in remedies), **fields)


def unreadable(run: str, number: int, place: str, text: str) -> FaultLine:
    """Return an open line in place of one that cannot be read: nobody knows its remedy, or takes it for healed."""
    return FaultLine(
        run=run, number=number, place=place, fault="unreadable", targets=(), remedies=({"unreadable": text},), at=""
    )


def lines_of(text: str) -> tuple[FaultLine, ...]:
    """Read a journal file: of each fault the last line counts.

    A last line that was torn by the end of its process is left out: what it announced was not injected, as that comes
    only after the whole line is on the disk.
    """
    whole, _, _ = text.rpartition("\n")
    return merged(line_of(line) for line in whole.splitlines())


def merged(lines: Iterable[FaultLine]) -> tuple[FaultLine, ...]:
    """Return one line for each fault, in the order of their injection; one that has ended anywhere has ended."""
    found: dict[tuple[str, int], FaultLine] = {}
    for line in lines:
        known = found.get(line.key)
        if known is None or known.is_open:
            found[line.key] = line
    return tuple(sorted(found.values(), key=lambda line: (line.at, line.key)))
