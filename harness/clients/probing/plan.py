"""The plan of a probe process: what it probes, how often, on which clock, and where its log goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from harness.clients.places import keys_of, place
from harness.services import Service

RATE_HZ = 22.0
"""Of each service on each key: a window is known to one slot, which with the time of an answer is below 50 ms.

Not more: on half a CPU brokers feel each of them.
"""

CONTROLLER = "controller"
"""The one key of what only the controller serves."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to probe: a topic's partitions, groups (each by the partition of its coordinator), and the controller."""

    bootstrap: str
    topic: str
    partitions: int
    committing: Mapping[str, str]
    joining: Mapping[str, str]
    first_join_s: float
    """How long brokers let the first member of a group wait for others."""
    started_ns: int
    """The beginning of the run on the machine's monotonic clock."""
    log: str
    rate_hz: float = RATE_HZ

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> Plan:
        return cls(**json.loads(text))

    @property
    def keys(self) -> dict[Service, tuple[str, ...]]:
        """The keys of each service that is probed."""
        return {
            Service.FETCH: keys_of({self.topic: self.partitions}),
            Service.COMMIT: tuple(self.committing),
            Service.JOIN: tuple(self.joining),
            Service.ADMIN: (CONTROLLER,),
        }

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics whose leaders serve."""
        coordinators = {place(key)[0] for key in (*self.committing, *self.joining)}
        return (self.topic, *sorted(coordinators))
