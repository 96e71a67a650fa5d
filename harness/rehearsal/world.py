"""The world of one rehearsal: its time, its chance, the bugs planted in it, and what its clients record."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from harness.ops import Op, OpType
from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import Clock
from harness.rehearsal.plan import Plan

if TYPE_CHECKING:
    from harness.rehearsal.strikes import Strikes


class World:
    """What all parts of a rehearsal share."""

    def __init__(self, *, seed: int, bugs: frozenset[Bug], plan: Plan) -> None:
        self.clock = Clock()
        self.random = Random(seed)
        self.bugs = bugs
        self.plan = plan
        self.ops: list[Op] = []
        self.fired: Counter[Bug] = Counter()
        self.strikes: Strikes
        self.quiet = False
        self.paused: set[str] = set()
        self.failed_values: set[int] = set()
        self._processes = 0
        self._values = 0

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def between(self, low: int, high: int) -> int:
        """Return a number of the range, `high` excluded; faster than the library's."""
        return low + int(self.random.random() * (high - low))

    def ripe(self, bug: Bug, *, times: int = 3) -> bool:
        """Say whether a bug is planted, may strike at this moment, and has not struck often enough."""
        return (
            bug in self.bugs
            and self.fired[bug] < times
            and self.plan.strike_from_ns <= self.clock.now_ns < self.plan.strike_until_ns
        )

    def fire(self, bug: Bug) -> None:
        """Note that a planted bug did what it does, so that it must be found."""
        self.fired[bug] += 1

    def settle_down(self) -> None:
        """Let no further fault happen by chance: what has been done is to stay visible."""
        self.quiet = True

    @property
    def traffic_ends(self) -> bool:
        return self.clock.now_ns >= self.plan.traffic_ns

    def new_process(self) -> int:
        self._processes += 1
        return self._processes - 1

    def new_values(self, count: int) -> tuple[int, ...]:
        """Return values that nobody has sent yet."""
        self._values += count
        return tuple(range(self._values - count, self._values))

    def note(self, process: int | str, type: OpType, f: str, value: object, **extra: object) -> None:
        """Record one line of the history."""
        self.ops.append(Op(len(self.ops), self.clock.now_ns, process, type, f, value, extra))
