"""The journal of faults: each is written down, here and in the namespace under test, before it is injected."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from harness.fault_lines import HEALED, NOT_INJECTED, FaultLine
from harness.verdict import Inconclusive

if TYPE_CHECKING:  # they bring testinfra, a plugin that pytest wants to be the first to import
    from harness.cluster.pods import Cluster
    from harness.faults import Fault
    from harness.remedies import Remedy

FILE = "faults.jsonl"


class Copies(Protocol):
    """Where the copies of the lines are kept, out of reach of whatever happens to this machine."""

    def place(self) -> str:
        """Return the UID of the namespace under test."""

    def put(self, line: FaultLine) -> None:
        """Store a line; raise when it is not certain that it is stored."""


class NoNamespace:
    """What a rehearsal has: its faults end with its process, so nobody needs to undo them."""

    def place(self) -> str:
        return "rehearsal"

    def put(self, line: FaultLine) -> None:
        """Keep no copy."""


@dataclass(frozen=True, kw_only=True)
class _Open:
    """A fault that was written down and has not ended."""

    fault: Fault
    line: FaultLine
    remedies: tuple[Remedy, ...]


class FaultJournal:
    """One run's faults, in `faults.jsonl` of its report and, as copies, in the namespace under test.

    A fault is injected only after both have it: what was injected and stands nowhere could never be healed by others.
    """

    def __init__(self, path: Path, *, run: str) -> None:
        self.path, self._run = path, run
        self._copies: Copies | None = None
        self._cluster: Cluster | None = None
        self._open: list[_Open] = []
        self._count = 0
        self._lock = Lock()

    def copy_to(self, copies: Copies, cluster: Cluster | None = None) -> None:
        """Keep the copies there from now on, and look at this cluster for what remains of a fault."""
        self._copies, self._cluster = copies, cluster

    @property
    def open_lines(self) -> tuple[FaultLine, ...]:
        """Return what was written down and has not ended yet."""
        return tuple(entry.line for entry in self._open)

    def write_ahead(self, fault: Fault) -> None:
        """Write a fault down before it is injected; raise Inconclusive when nobody else could know of it."""
        with self._lock:
            if self._copies is None:
                raise Inconclusive(f"the {fault.name} was not injected: there is no namespace to journal it in")
            self._count += 1
            remedies = fault.remedies()
            line = FaultLine(
                run=self._run,
                number=self._count,
                place=self._place(fault),
                fault=fault.name,
                targets=fault.plan(),
                remedies=tuple(remedy.as_json() for remedy in remedies),
                at=_now(),
            )
            self._append(line)
            self._copy_or_refuse(line)
            self._open.append(_Open(fault=fault, line=line, remedies=remedies))

    def close(self, fault: Fault) -> str:
        """Note that a fault is healed, unless something of it remains; then say what does, and keep it open."""
        with self._lock:
            mine = [entry for entry in self._open if entry.fault is fault]
            remains = [left for entry in mine for left in self._remains(entry)]
            if remains:
                return "; ".join(remains)
            for entry in mine:
                self._end(entry.line)
                self._open.remove(entry)
            return ""

    def note_end(self, how: str) -> None:
        """Note on the disk what became of all that was still open: somebody has healed it, and told the namespace."""
        with self._lock:
            for entry in self._open:
                self._append(replace(entry.line, ended=f"{how}, {_now()}"))
            self._open.clear()

    def _place(self, fault: Fault) -> str:
        assert self._copies is not None
        try:
            return self._copies.place()
        except Exception as error:  # whatever it is: without the namespace there is no journal that others find
            raise Inconclusive(f"the {fault.name} was not injected, as nobody tells its namespace: {error}") from error

    def _copy_or_refuse(self, line: FaultLine) -> None:
        assert self._copies is not None
        try:
            self._copies.put(line)
        except Exception as error:  # whatever it is: a fault that only this machine knows of is not injected
            self._append(replace(line, ended=f"{NOT_INJECTED}, {_now()}"))
            raise Inconclusive(f"the {line.fault} was not injected, as it cannot be journalled: {error}") from error

    def _remains(self, entry: _Open) -> list[str]:
        if entry.remedies and self._cluster is None:
            return ["there is no cluster to look at"]
        try:
            left = [remedy.remains(self._cluster) for remedy in entry.remedies if self._cluster]
        except Exception as error:  # whoever cannot look does not know that it is healed
            return [str(error)]
        return [words for words in left if words]

    def _end(self, line: FaultLine) -> None:
        ended = replace(line, ended=f"{HEALED}, {_now()}")
        self._append(ended)
        if self._copies is not None:
            # A copy that stays open although its fault has ended is healed once more, which changes nothing.
            with suppress(Exception):
                self._copies.put(ended)

    def _append(self, line: FaultLine) -> None:
        """Append a line; when this returns, it is on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{line.as_text()}\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(self.path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
