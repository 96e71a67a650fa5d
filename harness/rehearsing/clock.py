"""The clock of a rehearsed run: it goes on only when somebody waits, and then the simulation goes on with it."""

from __future__ import annotations

from math import ceil

from harness.rehearsal import clock as simulation
from harness.runclock import NS_PER_S, RunClock


class RehearsalClock(RunClock):
    """Virtual time, for the run as well as for `wait_until`; each clause has a simulation of its own."""

    def __init__(self) -> None:
        super().__init__(started_ns=0)
        self._simulated = simulation.Clock()

    def now_ns(self) -> int:
        return self._simulated.now_ns

    def pause_s(self, duration_s: float) -> None:
        """Let everything happen that is planned for the next `duration_s` seconds.

        Less than a nanosecond is one: whoever waits for what is left of a time-out would otherwise wait for ever.
        """
        self._simulated.run(until_ns=self.now_ns() + ceil(duration_s * NS_PER_S))

    def follow(self, simulated: simulation.Clock) -> None:
        """Go on with another simulation, which begins at the next full second: what happens in it is always alike."""
        simulated.now_ns = -(-self.now_ns() // NS_PER_S) * NS_PER_S
        self._simulated = simulated
