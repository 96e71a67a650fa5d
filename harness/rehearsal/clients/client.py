"""A client: one process of the history, what it believes about leaders, and its connections."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from harness.rehearsal.clock import MS, Call
from harness.rehearsal.cluster import Leader
from harness.rehearsal.network import Connections, Reply
from harness.rehearsal.records import Answer, Failure
from harness.rehearsal.replica import Replica
from harness.rehearsal.stage import Stage

BACKOFF_NS = 8 * MS
"""How long a client waits before it asks again."""


class Client:
    """One process; its successor after a failure is another client."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.world = stage.world
        self.process = stage.world.new_process()
        self.connections = Connections(stage.world)
        self._leaders: dict[str, Leader] = {}

    def leader(self, key: str) -> Leader | None:
        """Say whom this client believes to lead; what it believes is renewed when it turns out to be wrong."""
        known = self._leaders.get(key)
        if known is None:
            known = self.stage.cluster.leader(key)
            if known is not None:
                self._leaders[key] = known
        return known

    def forget_leader(self, key: str) -> None:
        self._leaders.pop(key, None)

    def replica(self, key: str, leader: Leader) -> Replica:
        """Return the replica that answers for a key on the broker that this client believes to lead."""
        return self.stage.cluster.partitions[key].replicas[leader.broker]

    def coordinate(self, act: Callable[[Reply], None]) -> Generator[int | Call, Any, Answer]:
        """Ask the coordinator once; without one, say so after a while."""
        broker = self.stage.cluster.coordinator()
        if broker is None:
            yield BACKOFF_NS
            return Answer(Failure.NOT_LEADER)
        if not broker.reachable:
            yield BACKOFF_NS
            return Answer(Failure.DISCONNECTED)
        answer: Answer = yield self.connections.ask(broker, act)
        return answer
