"""The run's one clock: everything that is recorded in a run is timed on it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class RunClock:
    """A monotonic clock that starts with the run, so that a client's gap and a fault can be laid side by side."""

    started_ns: int = field(default_factory=time.monotonic_ns)

    def now_ns(self) -> int:
        """Return nanoseconds since the start of the run."""
        return time.monotonic_ns() - self.started_ns

    def now_s(self) -> float:
        """Return seconds since the start of the run."""
        return self.now_ns() / NS_PER_S
