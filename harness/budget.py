"""Budgets: how long an event may keep acknowledgements away, derived from the live configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HANDOVER_S = 3.0
"""Moving leaders, telling clients, and their reconnecting, when the broker says goodbye or its connections break."""

ELECTION_S = 4.0
"""A session's end is seen at ZooKeeper's next tick; then leaders are elected and in-sync sets shrink, on half a CPU."""

START_S = 20.0
"""A broker's start on half a CPU, from a new pod to the in-sync sets."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A bound in seconds and where it comes from."""

    seconds: float
    why: str


@dataclass(frozen=True, kw_only=True)
class LiveTimeouts:
    """The live settings that decide how soon a missing broker is noticed."""

    zookeeper_session_s: float
    replica_lag_s: float

    @classmethod
    def of(cls, broker_config: Mapping[str, str]) -> LiveTimeouts:
        """Read them from a broker's live configuration (milliseconds there)."""
        return cls(
            zookeeper_session_s=int(broker_config["zookeeper.session.timeout.ms"]) / 1000,
            replica_lag_s=int(broker_config["replica.lag.time.max.ms"]) / 1000,
        )


def announced_end() -> Budget:
    """Bound the window when a pod is deleted: its process still closes its connections."""
    return Budget(seconds=HANDOVER_S, why=f"hand-over of {HANDOVER_S:g} s")


def crash(live: LiveTimeouts) -> Budget:
    """Bound the window when a broker dies silently: acks=all waits for it until its session ends or it lags out."""
    noticed_s = min(live.zookeeper_session_s, live.replica_lag_s)
    why = f"noticed after {noticed_s:g} s (session time-out or replica lag) + election {ELECTION_S:g} s"
    return Budget(seconds=noticed_s + ELECTION_S, why=why)


def rolling() -> Budget:
    """Bound the worst window of a rolling restart: every broker's hand-over, one at a time."""
    return Budget(seconds=5.0, why="one hand-over at a time, each with time to find the moved leaders")


def unrelated() -> Budget:
    """Bound the window of an event that the data path must not feel, such as the loss of a ZooKeeper member."""
    return Budget(seconds=2.0, why="the data path does not depend on it")


def slowed(live: LiveTimeouts) -> Budget:
    """Bound the window when a broker lives and hardly works: acks=all waits for it until it lags out of the sets."""
    why = f"out of the in-sync sets after {live.replica_lag_s:g} s (replica lag) + election {ELECTION_S:g} s"
    return Budget(seconds=live.replica_lag_s + ELECTION_S, why=why)


def paused(live: LiveTimeouts, *, lasts_s: float) -> Budget:
    """Bound the window when a broker is paused: whoever waits for its answer gets one only when it goes on."""
    waited_s = max(crash(live).seconds, lasts_s + HANDOVER_S)
    why = f"an answer after the pause of {lasts_s:g} s + hand-over {HANDOVER_S:g} s, or {crash(live).why}"
    return Budget(seconds=waited_s, why=why)


def chased(*, kills: int) -> Budget:
    """Bound the window when leaders end one after the other: acks=all waits until two are there again."""
    why = f"{kills} ends, each hand-over of {HANDOVER_S:g} s, and then a broker's start of {START_S:g} s"
    return Budget(seconds=kills * HANDOVER_S + START_S, why=why)
