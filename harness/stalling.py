"""Stalling: a leader stands still for a known time under a steady load; what came late must match the arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from chaos.stall import Stall
from harness import solo
from harness.clients.admin import Admin
from harness.clients.engine.orders import ProducerOrder
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.measuring import pace, stall
from harness.measuring.follower import Follower
from harness.measuring.frames import Frame, merged
from harness.measuring.pace import Step
from harness.measuring.peer_output import Work
from harness.measuring.stall import Late
from harness.run import Run
from harness.runclock import NS_PER_S
from harness.trial import strike
from harness.verdict import Inconclusive
from harness.victims import LeaderOf, Scene, the
from harness.waiting import TimedOut, wait_until

RATE_HZ = 1000.0
STALL_S = 2.0
STALLS = 3
LIMITS_MS = (100.0, 500.0, 1000.0)
MOST_ERROR_RATIO = 0.03
VALUE_BYTES = 100
"""Small, so that working off what has piled up takes no time worth counting: the arithmetic knows of none."""
CALM_SECONDS = 5
"""In a row, before each stall: every record of theirs was in time, so that a late one later is the stall's."""
CALM_BUDGET_S = 60.0
AFTER_S = 1.0
"""After a stall, what piled up is worked off; what is late beyond that has another cause."""
PEER_SECONDS = 90
"""How long the peer sends at the same pace, on the same topic: all stalls lie within it."""

PeerSends = Callable[[int, int], Work]
"""Let the peer send so many records at so many per second, and return what it says."""


@dataclass(frozen=True, kw_only=True)
class OneStall:
    """One stall: how long it was by the node's clock, and what was late by the engine's histogram."""

    stalled_s: float
    late: tuple[Late, ...]

    def as_json(self) -> dict[str, object]:
        return {"stalled_s": round(self.stalled_s, 4), "late": [one.as_json() for one in self.late]}


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """All stalls, and what the peer says of the same ones."""

    stalls: tuple[OneStall, ...]
    peer: Work

    def error_ratio(self, limit: int) -> float:
        """Return by how much the counts beyond the so-manieth limit differ from the arithmetic: the median stall's."""
        return median(stall.late[limit].error_ratio for stall in self.stalls)

    @property
    def is_true(self) -> bool:
        """Say whether every count is as near to the arithmetic as it must be."""
        return all(abs(self.error_ratio(limit)) <= MOST_ERROR_RATIO for limit in range(len(LIMITS_MS)))

    def as_json(self) -> dict[str, object]:
        return {
            "rate_hz": RATE_HZ,
            "error_ratios": {f"{limit:g} ms": round(self.error_ratio(n), 4) for n, limit in enumerate(LIMITS_MS)},
            "stalls": [stall.as_json() for stall in self.stalls],
            "peer": self.peer.as_json(),
        }


def stalled(order: ProducerOrder, *, cluster: Cluster, admin: Admin, run: Run, peer_sends: PeerSends) -> Stalled:
    """Let the leader of the order's only partition stand still, again and again, under both sides' load."""
    folder = Path(order.folder)
    pace.append(folder, Step(from_ns=order.started_ns, rate_hz=RATE_HZ))
    ended: list[tuple[int, float]] = []

    def stand_still() -> None:
        for _ in range(STALLS):
            _await_calm(folder)
            fault = Stall(cluster, [the(LeaderOf(order.topic), Scene(cluster=cluster, admin=admin))], seconds=STALL_S)
            ended.append(_stall(fault, admin=admin, run=run))

    with ThreadPoolExecutor(1) as beside:
        peer = beside.submit(peer_sends, int(RATE_HZ) * PEER_SECONDS, int(RATE_HZ))
        done = solo.work(order, seconds=PEER_SECONDS, meanwhile=stand_still)
        said = peer.result()
    stalls = tuple(_one(done.trace.frames, at_ns, length_s) for at_ns, length_s in ended)
    return Stalled(stalls=stalls, peer=said)


def _stall(fault: Stall, *, admin: Admin, run: Run) -> tuple[int, float]:
    """Stall, and return when it was over, on the monotonic clock, and how long it was."""
    over_ns: list[int] = []
    strike(
        fault,
        admin=admin,
        run=run,
        evidence=Evidence(),
        meanwhile=lambda _: over_ns.append(time.monotonic_ns()),  # it ends by itself, and is proven by then
    )
    return over_ns[0], fault.stalled_s


def _one(frames: Iterable[Frame], over_ns: int, stalled_s: float) -> OneStall:
    """Count what was late in the seconds of one stall."""
    until_ns = over_ns + int(AFTER_S * NS_PER_S)
    from_ns = over_ns - int(stalled_s * NS_PER_S) - NS_PER_S
    latency = merged(frame for frame in frames if from_ns < frame.started_ns < until_ns).latency
    late = (stall.late(latency, rate_hz=RATE_HZ, stall_s=stalled_s, limit_ms=limit) for limit in LIMITS_MS)
    return OneStall(stalled_s=stalled_s, late=tuple(late))


def _await_calm(folder: Path) -> None:
    """Wait until every record of some seconds in a row was in time."""
    follower, seen, since_ns = Follower(folder=folder), list[Frame](), time.monotonic_ns()

    def is_calm() -> bool:
        seen.extend(frame for frame in follower.new_frames() if frame.started_ns >= since_ns)
        last = seen[-CALM_SECONDS:]
        return len(last) == CALM_SECONDS and all(
            frame.acknowledged > RATE_HZ / 2 and not frame.latency.count_above_ms(min(LIMITS_MS)) for frame in last
        )

    try:
        wait_until(is_calm, what=f"{CALM_SECONDS} seconds without a late record", timeout_s=CALM_BUDGET_S)
    except TimedOut as late:
        raise Inconclusive(f"{late}: what is late during a stall could not be told from the rest") from late
