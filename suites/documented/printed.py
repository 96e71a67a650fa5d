"""What the documented commands print, read back: partitions, offsets and lag, broker ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PARTITION = re.compile(r"Partition: (\d+)\s+Leader: (\d+)\s+Replicas: ([\d,]+)\s+Isr: ([\d,]+)")
_OFFSETS = ("CURRENT-OFFSET", "LOG-END-OFFSET", "LAG")


_NO_MEMBERS = re.compile(r"\nConsumer group '[^']*' has no active members\.\n")
"""Said on standard error while the table goes to standard output: it may stand in the middle of a line of the table."""


@dataclass(frozen=True, kw_only=True)
class PrintedPartition:
    """One line of `kafka-topics --describe`."""

    index: int
    leader: int
    replicas: frozenset[int]
    isr: frozenset[int]


def partitions(lines: Sequence[str]) -> list[PrintedPartition]:
    """Read what `kafka-topics --describe` prints, in its order."""
    return [
        PrintedPartition(index=int(match[1]), leader=int(match[2]), replicas=_numbers(match[3]), isr=_numbers(match[4]))
        for line in lines
        if (match := _PARTITION.search(line))
    ]


def offsets(lines: Sequence[str], *, group: str, topic: str) -> dict[int, list[int]]:
    """Read committed offset, log end and lag by partition from what `kafka-consumer-groups --describe` prints."""
    rows = [line.split() for line in _NO_MEMBERS.sub("", "\n".join(lines)).split("\n")]
    header = next((row for row in rows if row[:3] == ["GROUP", "TOPIC", "PARTITION"]), None)
    assert header, f"the command printed no table: {list(lines)}"
    columns = [header.index(name) for name in _OFFSETS]
    return {int(row[2]): [int(row[column]) for column in columns] for row in rows if row[:2] == [group, topic]}


def broker_ids(lines: Sequence[str]) -> list[int]:
    """Read the list of ids, such as `[0, 1, 2]`, that `zkCli.sh ls` prints last."""
    lists = [line for line in lines if re.fullmatch(r"\[[\d, ]*\]", line.strip())]
    assert lists, f"the command printed no list of ids: {list(lines)}"
    return sorted(_numbers(lists[-1]))


def _numbers(text: str) -> frozenset[int]:
    return frozenset(map(int, re.findall(r"\d+", text)))
