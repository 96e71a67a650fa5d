"""The clock of a load: the monotonic clock of the process that decides, as each other process knows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One question for the time: when it was asked and answered on the own clock, and the answer."""

    asked_ns: int
    said_ns: int
    answered_ns: int


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What is to be added to the own monotonic clock, and by how much that may be wrong."""

    ns: int = 0
    uncertainty_ns: int = 0


def difference(exchanges: Iterable[Exchange]) -> Difference:
    """Return the difference by the quickest exchange: the answer was given somewhere within it.

    Latency to the acknowledgement needs the producer's own clock only. The time to a delivery on another machine is
    wrong by as much as these differences are.
    """
    quickest = min(exchanges, key=lambda one: one.answered_ns - one.asked_ns)
    half_ns = (quickest.answered_ns - quickest.asked_ns) // 2
    return Difference(ns=quickest.said_ns - quickest.asked_ns - half_ns, uncertainty_ns=half_ns)


def machine() -> str:
    """Return what names this running kernel: processes of one have the same monotonic clock, also in containers."""
    return BOOT_ID.read_text(encoding="ascii").strip()
