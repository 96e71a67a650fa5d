"""Budgets: how long an event may keep acknowledgements away, derived from the live configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.services import Service

HANDOVER_S = 5.0
"""Moving leaders, telling clients, and their reconnecting, when the broker says goodbye or its connections break. On
half a CPU whole hand-overs took 0.9 to 3.8 s, of which a broker's controlled shutdown was up to 1.7 s (measured; what
is promised of the documented base is their median: docs/adr/0019-what-one-event-may-cost.md)."""

ELECTION_S = 4.0
"""A session's end is seen at ZooKeeper's next tick; then leaders are elected and in-sync sets shrink, on half a CPU."""

CONTROLLER_S = 2.0
"""A controller's successor reads the state of every partition from ZooKeeper before it elects anybody (measured: 1.1
s for 110 partitions on half a CPU)."""

GRACE_S = 2.0
"""What the kubelet gives a pod that is deleted by force; its broker ends its ZooKeeper session last, or not at all."""

LOADING_S = 2.0
"""A new coordinator reads its partition of the offsets topic before it serves a group, on half a CPU."""

START_S = 20.0
"""A broker's start on half a CPU, while all others start on the same nodes (measured: up to 11 s; 15 s in a chase)."""

BACK_OFF_S = 20.0
"""What the kubelet waits before it starts a container again that has ended twice: 10 s, and until it looks."""


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


@dataclass(frozen=True, kw_only=True)
class ZooKeeperTicks:
    """The live settings of a ZooKeeper member that decide how soon it misses another one."""

    tick_s: float
    sync_limit: int

    @classmethod
    def of(cls, conf: Mapping[str, str]) -> ZooKeeperTicks:
        """Read them from a member's answer to `conf`."""
        return cls(tick_s=int(conf["tickTime"]) / 1000, sync_limit=int(conf["syncLimit"]))


def announced_end() -> Budget:
    """Bound the window when a pod is deleted with its grace period: its broker hands over before it ends."""
    return Budget(seconds=HANDOVER_S, why=f"hand-over of {HANDOVER_S:g} s")


def crash(live: LiveTimeouts) -> Budget:
    """Bound the window when a broker dies silently: acks=all waits for it until its session ends or it lags out."""
    noticed_s = min(live.zookeeper_session_s, live.replica_lag_s)
    why = f"noticed after {noticed_s:g} s (session time-out or replica lag) + election {ELECTION_S:g} s"
    return Budget(seconds=noticed_s + ELECTION_S, why=why)


def forced_end(live: LiveTimeouts) -> Budget:
    """Bound the window when a pod is deleted by force: a broker that is not done in its time has crashed after it."""
    crashed = crash(live)
    return Budget(seconds=GRACE_S + crashed.seconds, why=f"{GRACE_S:g} s to hand over, in vain; then {crashed.why}")


def controller_lost(live: LiveTimeouts) -> Budget:
    """Bound the window when the broker that ends without a word is the controller: leaders wait for its successor."""
    return _succeeded(crash(live))


def controller_deleted(live: LiveTimeouts) -> Budget:
    """Bound the window when the broker that is deleted by force is the controller."""
    return _succeeded(forced_end(live))


def _succeeded(ended: Budget) -> Budget:
    """Bound the window when what ended is the controller, whose successor must elect the leaders."""
    why = f"{ended.why}, by a controller that first reads every partition {CONTROLLER_S:g} s"
    return Budget(seconds=ended.seconds + CONTROLLER_S, why=why)


def rolling() -> Budget:
    """Bound the worst window of a rolling restart: every broker's hand-over, one at a time."""
    return Budget(seconds=HANDOVER_S, why=f"one hand-over of {HANDOVER_S:g} s at a time")


def unrelated() -> Budget:
    """Bound the window of an event that the data path must not feel, such as the loss of a ZooKeeper member."""
    return Budget(seconds=2.0, why="the data path does not depend on it")


def paused(live: LiveTimeouts, *, lasts_s: float) -> Budget:
    """Bound the window when a broker is paused: whoever waits for its answer gets one only when it goes on."""
    waited_s = max(crash(live).seconds, lasts_s + HANDOVER_S)
    why = f"an answer after the pause of {lasts_s:.1f} s + hand-over {HANDOVER_S:g} s, or {crash(live).why}"
    return Budget(seconds=waited_s, why=why)


def met_full_disk() -> Budget:
    """Bound the time until a broker has halted on its full disk: under traffic its next write finds no room."""
    return Budget(seconds=15.0, why="its next write finds no room, its log folder has failed, and it halts")


def chased(live: LiveTimeouts, *, kills: int) -> Budget:
    """Bound the window when each new leader ends at once, until nobody is left: one of them may be the controller."""
    seconds = crash(live).seconds + (kills - 1) * HANDOVER_S + START_S
    why = f"a controller {crash(live).why}, {kills - 1} hand-overs of {HANDOVER_S:g} s, a broker's start {START_S:g} s"
    return Budget(seconds=seconds, why=why)


def of_services(event: Budget, live: LiveTimeouts) -> dict[Service, Budget]:
    """Derive, from what an event may cost those who produce, what it may cost everybody else.

    Whoever fetches needs a leader, as those who produce do. A group needs the leader of its partition of the offsets
    topic, which must then read it. Whoever creates or describes needs a controller and its ZooKeeper session: its
    successor is elected at the latest when that session ends, whatever became of it.
    """
    grouped = Budget(
        seconds=event.seconds + LOADING_S, why=f"{event.why}; then the coordinator reads its groups {LOADING_S:g} s"
    )
    elected_s = live.zookeeper_session_s + ELECTION_S
    controlled = Budget(
        seconds=elected_s, why=f"a session ends within {live.zookeeper_session_s:g} s + election {ELECTION_S:g} s"
    )
    return {
        Service.FETCH: event,
        Service.COMMIT: grouped,
        Service.JOIN: grouped,
        Service.ADMIN: controlled if elected_s > event.seconds else event,
    }


def session_lost(live: LiveTimeouts) -> Budget:
    """Bound how long a broker that ZooKeeper does not hear stays registered, leads, and is waited for by acks=all."""
    why = f"ZooKeeper session of {live.zookeeper_session_s:g} s + election {ELECTION_S:g} s"
    return Budget(seconds=live.zookeeper_session_s + ELECTION_S, why=why)


def sessions_over() -> Budget:
    """Bound the window when sessions turn out to be over: nothing has to be noticed, brokers live and register anew."""
    why = f"election {ELECTION_S:g} s + hand-over {HANDOVER_S:g} s"
    return Budget(seconds=ELECTION_S + HANDOVER_S, why=why)


def lagging_out(live: LiveTimeouts) -> Budget:
    """Bound how long acks=all waits for a follower that lives and is not heard: leaders look twice in its time."""
    why = f"replica lag of {live.replica_lag_s:g} s, looked at every half of it, + hand-over {HANDOVER_S:g} s"
    return Budget(seconds=1.5 * live.replica_lag_s + HANDOVER_S, why=why)


def reconnected(outage_s: float) -> Budget:
    """Bound the window that is left when a network is whole again: TCP tries again in steps that double."""
    why = f"TCP tries again after at most as long as it was cut off ({outage_s:.1f} s) + hand-over {HANDOVER_S:g} s"
    return Budget(seconds=outage_s + HANDOVER_S, why=why)


def silent_leader(ticks: ZooKeeperTicks) -> Budget:
    """Bound how long a ZooKeeper leader that says nothing is followed."""
    silence_s = ticks.sync_limit * ticks.tick_s
    why = f"{ticks.sync_limit} ticks of {ticks.tick_s:g} s + election {ELECTION_S:g} s"
    return Budget(seconds=silence_s + ELECTION_S, why=why)


def at_once() -> Budget:
    """Bound what must be seen at the first look."""
    return Budget(seconds=0.0, why="at the first look")


def cold_start(live: LiveTimeouts) -> Budget:
    """Bound the window when every process ends at once.

    A broker that starts while its old session is not over yet may not register; it ends, and is started again.
    """
    refused_s = max(live.zookeeper_session_s, START_S)
    why = (
        f"a start of {START_S:g} s, or the old session's {live.zookeeper_session_s:g} s, + back-off of the kubelet "
        f"{BACK_OFF_S:g} s + another start {START_S:g} s + election {ELECTION_S:g} s"
    )
    return Budget(seconds=refused_s + BACK_OFF_S + START_S + ELECTION_S, why=why)
