"""The machine that the harness runs on, watched beside a run: how busy it was, and how fast.

It generates the traffic, measures the windows and, on a testbed, carries the cluster, too. When it is slow, all of that
is slow, and a reader must be able to tell that from a slow cluster. No verdict depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

EVERY_S = 2.0
"""From one look at the machine to the next."""

_FASTEST_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What was seen at `time_s` on the run's clock.

    `busy_ratio` is the share of all CPUs that was in use since the moment before. `work_ms` is the CPU time that one
    and the same piece of work took, so waiting for a CPU is not in it: only a slower CPU makes it longer.
    """

    time_s: float
    busy_ratio: float
    work_ms: float

    def as_json(self) -> list[float]:
        """Return it as the certificate has it: [time_s, busy_ratio, work_ms]."""
        return [round(self.time_s, 3), round(self.busy_ratio, 3), round(self.work_ms, 3)]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a stretch of a run went: `slowdown` is how many times as long work took as in the run's fastest tenth."""

    busy_ratio: float
    slowdown: float


def moments_in(environment: Mapping[str, Any]) -> tuple[Moment, ...]:
    """Return what a certificate's environment says of its machine over time; nothing when nobody watched it."""
    samples = environment.get("machine", {}).get("samples", [])
    return tuple(Moment(time_s=time_s, busy_ratio=busy, work_ms=work) for time_s, busy, work in samples)


def pace_of(moments: Sequence[Moment], *, from_s: float, until_s: float) -> Pace | None:
    """Return the pace of a stretch by its medians; None when nobody looked in it.

    A moment tells of the time before it, so the first one after the end counts, too.
    """
    inside = [moment for moment in moments if from_s < moment.time_s <= until_s + EVERY_S]
    if not inside:
        return None
    fastest_ms = sorted(moment.work_ms for moment in moments)[int(len(moments) * _FASTEST_SHARE)]
    return Pace(
        busy_ratio=median(moment.busy_ratio for moment in inside),
        slowdown=median(moment.work_ms for moment in inside) / fastest_ms,
    )
