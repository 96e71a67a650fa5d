"""Particulars: what a few operations of a history tell besides their records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.histories.history import NONE, Assignment, Commit, Covered, Kind, Watermarks

READ_UNCOMMITTED = "read_uncommitted"


@dataclass
class Particulars:
    """Everything that is not a record, while a history is being built; `keys` numbers the keys, also new ones."""

    keys: dict[str, int]
    assignments: list[Assignment] = field(default_factory=list)
    rebalances: dict[int, frozenset[int]] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    watermarks: list[Watermarks] = field(default_factory=list)
    covered: list[Covered] = field(default_factory=list)
    groups: dict[int, str] = field(default_factory=dict)
    rest: dict[int, Mapping[str, object]] = field(default_factory=dict)
    final: list[int] = field(default_factory=list)
    uncommitted: list[int] = field(default_factory=list)

    def add_fields(self, row: int, process: int, fields: Mapping[str, Any]) -> None:
        """Take the optional fields of the operation in this row."""
        self.rest[row] = fields
        if fields.get("final") is True:
            self.final.append(row)
        if fields.get("isolation") == READ_UNCOMMITTED:
            self.uncommitted.append(row)
        if "group" in fields:
            self.groups[row] = str(fields["group"])
        self._add_commits(row, self.groups.get(row, ""), fields.get("committed", {}))
        for key, (low, high) in fields.get("covers", {}).items():
            self.covered.append(Covered(process, self.key(key), low, high))
        if log := fields.get("rebalance-log"):
            self.rebalances[row] = frozenset(self.key(key) for entry in log for key in entry["keys"])

    def add_value(self, row: int, kind: Kind, value: Any) -> None:
        """Take the value of an operation that has no records, when it has ended."""
        if kind is Kind.OBSERVE:
            for micro in value:
                self._add_observed(row, micro)
        elif kind is Kind.COMMIT:
            self._add_commits(row, self.groups.get(row, ""), value)
        elif kind is Kind.ASSIGN:
            self.assignments.append(Assignment(row, keys=frozenset(self.key(key) for key in value)))
        else:
            self.assignments.append(Assignment(row, topics=tuple(value)))

    def key(self, key: str) -> int:
        """Return the number of a key."""
        return self.keys.setdefault(key, len(self.keys))

    def _add_observed(self, row: int, micro: Any) -> None:
        if micro[0] == "watermarks":
            told = micro[2]
            low, high, epoch = (told.get(name, NONE) for name in ("low", "high", "leader-epoch"))
            self.watermarks.append(Watermarks(row, self.key(micro[1]), low, high, epoch))
        else:
            _, group, offsets = micro
            for key, offset in offsets.items():
                self.commits.append(Commit(row, group, self.key(key), offset, observed=True))

    def _add_commits(self, row: int, group: str, offsets: Mapping[str, int]) -> None:
        for key, offset in offsets.items():
            self.commits.append(Commit(row, group, self.key(key), offset, observed=False))
