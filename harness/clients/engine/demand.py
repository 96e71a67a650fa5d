"""Demand: how many records are to be sent now, and when each was due; by the pace, or as many as are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.clients.engine.orders import ProducerOrder
from harness.measuring import pace
from harness.measuring.pace import FILE, Pace
from harness.runclock import NS_PER_S

TICK_S = 0.002
"""The loop looks at the demand at least this often; it bounds how late a healthy generator sends."""

LEAST_S = 0.001
MOST = 2000
"""Records in one turn of the loop: answers that came are timed before more is sent, however late the loop is."""

LOOK_EVERY_NS = 50_000_000
"""How often the pace file is looked at; steps lie further in the future than that."""


class Demand(Protocol):
    """What a sender asks in each turn of its loop."""

    def due(self, now_ns: int, *, sent: int, unanswered: int) -> NDArray[np.int64]:
        """Return the moments at which the records that are to be sent now were due, the oldest first."""

    def wait_s(self, now_ns: int, *, sent: int) -> float:
        """Return how long the next poll may take."""


class FollowedPace:
    """The pace of a load as it stands in its folder, read again when its file has grown."""

    def __init__(self, folder: Path, *, producers: int = 1) -> None:
        self._file, self._folder, self._producers = folder / FILE, folder, producers
        self._size, self._looked_ns = -1, -LOOK_EVERY_NS
        self._pace = Pace(steps=())

    def at(self, now_ns: int) -> Pace:
        """Return the pace; the file is looked at when the last look was long enough ago."""
        if now_ns - self._looked_ns >= LOOK_EVERY_NS:
            self._looked_ns = now_ns
            size = self._file.stat().st_size if self._file.exists() else 0
            if size != self._size:
                self._pace, self._size = pace.read(self._folder, producers=self._producers), size
        return self._pace


class PaceFollower:
    """The demand of an open loop: every slot of the pace, late ones at once, whatever became of those before."""

    def __init__(self, folder: Path, *, producers: int) -> None:
        self._followed = FollowedPace(folder, producers=producers)
        self._pace = Pace(steps=())

    def due(self, now_ns: int, *, sent: int, unanswered: int) -> NDArray[np.int64]:  # noqa: ARG002 (an open loop)
        self._pace = self._followed.at(now_ns)
        return self._pace.intended_ns(sent, min(sent + MOST, max(sent, self._pace.due_by(now_ns))))

    def wait_s(self, now_ns: int, *, sent: int) -> float:
        """Wait until the next slot, but not less than a millisecond, or the loop would spin."""
        soon_ns = now_ns + int(TICK_S * NS_PER_S)
        if self._pace.due_by(soon_ns) <= sent:
            return TICK_S
        next_ns = int(self._pace.intended_ns(sent, sent + 1)[0])
        return min(TICK_S, max(LEAST_S, (next_ns - now_ns) / NS_PER_S))


class Saturation:
    """The demand of a closed loop: from a moment on, records are due as soon as there is room for them."""

    def __init__(self, *, room: int, from_ns: int = 0) -> None:
        self._room, self._from_ns = room, from_ns

    def due(self, now_ns: int, *, sent: int, unanswered: int) -> NDArray[np.int64]:  # noqa: ARG002 (no number of them)
        room = self._room - unanswered if now_ns >= self._from_ns else 0
        return np.full(min(MOST, max(0, room)), now_ns, dtype=np.int64)

    def wait_s(self, now_ns: int, *, sent: int) -> float:  # noqa: ARG002 (there is no next moment)
        return LEAST_S


def demand_of(order: ProducerOrder) -> Demand:
    """Return the demand that an order speaks of."""
    if order.in_flight_bytes is None:
        return PaceFollower(Path(order.folder), producers=order.producers)
    return Saturation(room=order.in_flight_bytes // order.traffic.records.value_bytes, from_ns=order.started_ns)
