"""Stalling: a leader stands still for a known time under a steady load; what came late must match the arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
from harness.trial import await_healing, inject, prove
from harness.verdict import Inconclusive
from harness.victims import LeaderOf, Scene, the
from harness.waiting import TimedOut, wait_until

RATE_HZ = 1000.0
STALL_S = 2.0
LIMITS_MS = (100.0, 500.0, 1000.0)
MOST_ERROR_RATIO = 0.03
CALM_SECONDS = 5
"""In a row, before the stall: every record of theirs was in time, so that a late one later is the stall's."""
CALM_BUDGET_S = 60.0
MOST_LATE_MS = min(LIMITS_MS)
PEER_SECONDS = 60
"""How long the peer sends at the same pace, on the same topic: the stall lies within it."""

PeerSends = Callable[[int, int], Work]
"""Let the peer send so many records at so many per second, and return what it says."""


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """One stall: how long it was, what was late by the engine's histogram, and what the peer says of the same stall."""

    stalled_s: float
    late: tuple[Late, ...]
    peer: Work

    @property
    def is_true(self) -> bool:
        """Say whether every count is as near to the arithmetic as it must be."""
        return all(abs(one.error_ratio) <= MOST_ERROR_RATIO for one in self.late)

    def as_json(self) -> dict[str, object]:
        return {
            "rate_hz": RATE_HZ,
            "stalled_s": round(self.stalled_s, 4),
            "late": [one.as_json() for one in self.late],
            "peer": self.peer.as_json(),
        }


def stalled(order: ProducerOrder, *, cluster: Cluster, admin: Admin, run: Run, peer_sends: PeerSends) -> Stalled:
    """Let the leader of the order's only partition stand still under the engine's load and the peer's."""
    folder = Path(order.folder)
    pace.append(folder, Step(from_ns=order.started_ns, rate_hz=RATE_HZ))
    fault = Stall(cluster, [the(LeaderOf(order.topic), Scene(cluster=cluster, admin=admin))], seconds=STALL_S)
    moment_ns: list[int] = []

    def stand_still() -> None:
        _await_calm(folder)
        moment_ns.append(time.monotonic_ns())
        evidence = Evidence()
        try:
            inject(fault, run, evidence)
            prove(fault, run, evidence)
        finally:
            fault.heal()
        await_healing(fault, admin, run, evidence)

    with ThreadPoolExecutor(1) as beside:
        peer = beside.submit(partial(peer_sends, int(RATE_HZ) * PEER_SECONDS, int(RATE_HZ)))
        done = solo.work(order, seconds=PEER_SECONDS, meanwhile=stand_still)
        said = peer.result()
    since = [frame for frame in done.trace.frames if frame.started_ns + NS_PER_S > moment_ns[0]]
    latency = merged(since).latency
    counts = (stall.late(latency, rate_hz=RATE_HZ, stall_s=fault.stalled_s, limit_ms=limit) for limit in LIMITS_MS)
    return Stalled(stalled_s=fault.stalled_s, late=tuple(counts), peer=said)


def _await_calm(folder: Path) -> None:
    """Wait until every record of some seconds in a row was in time."""
    follower, seen = Follower(folder=folder), list[Frame]()

    def is_calm() -> bool:
        seen.extend(follower.new_frames())
        last = seen[-CALM_SECONDS:]
        return len(last) == CALM_SECONDS and all(
            frame.acknowledged > RATE_HZ / 2 and not frame.latency.count_above_ms(MOST_LATE_MS) for frame in last
        )

    try:
        wait_until(is_calm, what=f"{CALM_SECONDS} seconds without a late record", timeout_s=CALM_BUDGET_S)
    except TimedOut as late:
        raise Inconclusive(f"{late}: what is late during a stall could not be told from the rest") from late
