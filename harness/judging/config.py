"""What is legal: the judge's configuration, explicit, because the same history may be right or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Assigned(Enum):
    """How consumers got their keys; a subscriber may be moved at any time."""

    AS_RECORDED = "as-recorded"
    ASSIGN = "assign"
    SUBSCRIBE = "subscribe"


class Isolation(Enum):
    """What consumers are to be given."""

    AS_RECORDED = "as-recorded"
    READ_COMMITTED = "read_committed"
    READ_UNCOMMITTED = "read_uncommitted"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long records stay: never less than `ms` after their acknowledgement, never more than `late_ms` after it.

    `late_ms` is retention, segment roll, check interval and delete delay together. `keys`: None means all of them; of
    the others nothing may be deleted.
    """

    ms: int
    late_ms: int
    keys: frozenset[str] | None = None

    def holds_for(self, key: str) -> bool:
        return self.keys is None or key in self.keys


@dataclass(frozen=True, kw_only=True)
class Config:
    """Under which rules a history is judged; the defaults are those of durable clients on a durable cluster.

    `assignment` and `isolation` hold for all polls; as recorded, each poll says it itself, or its process's assignment.
    `idempotence`: producers do not repeat or reorder. `retention`: None means that nothing may be deleted.
    `ordered_writes`: transactions are expected not to interleave their writes, so that a G0 is a failure and the order
    of writes counts in a G1c. Kafka does not promise that: a transaction may write before and after another one, and
    read what that one committed. `cycle_search_steps` limits the search for cycles; beyond it nothing is concluded.
    """

    assignment: Assigned = Assigned.AS_RECORDED
    isolation: Isolation = Isolation.AS_RECORDED
    idempotence: bool = True
    ordered_writes: bool = False
    retention: Retention | None = None
    cycle_search_steps: int = 200_000_000

    def retention_of(self, key: str) -> Retention | None:
        """Return how long the records of a key stay; None when for ever."""
        return self.retention if self.retention is not None and self.retention.holds_for(key) else None
