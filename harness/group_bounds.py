"""How soon must a consumer group be settled again? Bounds from the live group settings. Pure.

A member learns of a rebalance from the answer to its next heartbeat, and the round ends when every member that is
known to be alive has joined it. A new group waits group.initial.rebalance.delay.ms for more members, and once more when
one comes. A member that left says so; one that was killed is missed when its session time-out is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.budget import LOADING_S, Budget, LiveTimeouts, controller_deleted

SLACK_S = 4.0
"""For starting a client, and for a round of joining and assigning on half a CPU."""

HEARTBEAT_S = 1.0

MAX_POLL_S = 300.0
"""How long a member may take for a batch before it leaves, by a client's own default; waiting for a commit counts."""


@dataclass(frozen=True, kw_only=True)
class GroupSettings:
    """What members ask for, and what the brokers add; the session time-out is the shortest that the brokers allow."""

    session_s: float
    initial_delay_s: float
    brokers: LiveTimeouts
    heartbeat_s: float = HEARTBEAT_S
    max_poll_s: float = MAX_POLL_S

    @classmethod
    def of(cls, broker: Mapping[str, str]) -> GroupSettings:
        """Read them from a broker's live configuration."""
        return cls(
            session_s=int(broker["group.min.session.timeout.ms"]) / 1000,
            initial_delay_s=int(broker["group.initial.rebalance.delay.ms"]) / 1000,
            brokers=LiveTimeouts.of(broker),
        )

    @classmethod
    def impatient(cls, broker: Mapping[str, str]) -> GroupSettings:
        """As `of`, but a member may take no longer for a batch than a session lasts, the least that there is."""
        settings = cls.of(broker)
        return replace(settings, max_poll_s=settings.session_s)

    def for_client(self) -> dict[str, str | int | float | bool]:
        """Return the settings with which a member joins."""
        return {
            "session.timeout.ms": int(self.session_s * 1000),
            "heartbeat.interval.ms": int(self.heartbeat_s * 1000),
            "max.poll.interval.ms": int(self.max_poll_s * 1000),
        }

    def forming(self) -> Budget:
        """Bound the time until a new group of a few members has shared out its partitions."""
        waiting_s = 2 * self.initial_delay_s
        return Budget(
            seconds=waiting_s + self.heartbeat_s + SLACK_S,
            why=f"initial delay 2 x {self.initial_delay_s:g} s + {self._round()}",
        )

    def changed(self) -> Budget:
        """Bound the time until the partitions are shared out again after a member came or said goodbye."""
        return Budget(seconds=self.heartbeat_s + SLACK_S, why=self._round())

    def killed(self) -> Budget:
        """Bound the time until the partitions of a killed member have another owner."""
        return Budget(
            seconds=self.session_s + self.heartbeat_s + SLACK_S, why=f"session {self.session_s:g} s + {self._round()}"
        )

    def too_slow(self) -> Budget:
        """Bound the time until the partitions of a member that does not ask for more records have another owner."""
        return Budget(
            seconds=self.max_poll_s + self.heartbeat_s + SLACK_S,
            why=f"max.poll.interval {self.max_poll_s:g} s + {self._round()}",
        )

    def coordinator_lost(self) -> Budget:
        """Bound the time until a group whose coordinator was deleted by force has another that knows its offsets.

        The coordinator may be the controller, and two seconds may not be enough to hand over.
        """
        lost = controller_deleted(self.brokers)
        return Budget(
            seconds=lost.seconds + LOADING_S, why=f"{lost.why}; then the coordinator reads its groups {LOADING_S:g} s"
        )

    def _round(self) -> str:
        return f"heartbeat {self.heartbeat_s:g} s + slack {SLACK_S:g} s"
