"""Replicas under a load: how many partitions lack one, and how often leaders moved and in-sync sets changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.evidence import Event


@dataclass(frozen=True, kw_only=True)
class ReplicaSample:
    """All partitions of the cluster at one moment, and what changed since the sample before."""

    time_s: float
    partitions: int
    under_replicated: int
    out_of_sync: tuple[int, ...]
    """The brokers that are missing from the in-sync set of a partition that they hold."""
    leader_moves: int
    isr_changes: int


def events(samples: Iterable[ReplicaSample]) -> Iterator[Event]:
    """Give the moments at which leaders moved, and at which in-sync sets shrank or were full again."""
    was_full = True
    for sample in samples:
        if sample.leader_moves:
            yield Event(time_s=sample.time_s, kind="leader-moved", what=f"of {_partitions(sample.leader_moves)}")
        is_full = not sample.under_replicated
        if was_full and not is_full:
            brokers = ", ".join(map(str, sample.out_of_sync)) or "unknown"
            what = f"{_partitions(sample.under_replicated)} without broker {brokers}"
            yield Event(time_s=sample.time_s, kind="isr-shrank", what=what)
        if is_full and not was_full:
            yield Event(time_s=sample.time_s, kind="isr-full", what="every partition in sync")
        was_full = is_full


def _partitions(count: int) -> str:
    return f"{count} partition{'' if count == 1 else 's'}"
