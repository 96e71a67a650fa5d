"""The pace of an open loop: which rate holds from which moment on, and so when each record is due."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.runclock import NS_PER_S

FILE = "pace.jsonl"
"""In the folder of a load: one step on each line. It only grows; engines follow it while they run."""

FINISH = "finish"
"""In the same folder: an empty file that says that whoever sets the pace has nothing more to ask."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """From this moment (monotonic clock) on, all producers together send this many records per second; 0 pauses.

    Consumers rest while it does not say that they read: what is written meanwhile is a backlog.
    """

    from_ns: int
    rate_hz: float
    reads: bool = True

    def __post_init__(self) -> None:
        if self.rate_hz < 0:
            raise ValueError(f"got a rate of {self.rate_hz} records/s, expected 0 or more")

    def share(self, producers: int) -> Step:
        """Return the step of one of so many producers."""
        return replace(self, rate_hz=self.rate_hz / producers)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Evenly spaced slots within each step; exact integers, so that an hour of slots does not drift.

    Slots are numbered through all steps. A step may be added while the pace is followed, if it begins in the future
    of whoever follows it: slots that were due before it stay as they were.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        moments = [step.from_ns for step in self.steps]
        if moments != sorted(set(moments)):
            raise ValueError(f"got steps at {moments}, expected moments that only grow")

    def due_by(self, now_ns: int) -> int:
        """Return how many slots are due at a moment: the slots 0 to one less than that."""
        due = 0
        for step, end_ns in self._spans(now_ns + 1):
            due += _slots(step, end_ns)
        return due

    def reads_at(self, now_ns: int) -> bool:
        """Say whether consumers read at a moment; before the first step they do."""
        begun = [step for step in self.steps if step.from_ns <= now_ns]
        return begun[-1].reads if begun else True

    def intended_ns(self, first: int, end: int) -> NDArray[np.int64]:
        """Return the moments at which the slots from `first` to one before `end` are due.

        Raises ValueError for slots that no step ever makes due.
        """
        parts = [np.zeros(0, dtype=np.int64)]
        before = 0
        for number, step in enumerate(self.steps):
            is_last = number == len(self.steps) - 1
            after = end if is_last and step.rate_hz else before
            after = after if is_last else before + _slots(step, self.steps[number + 1].from_ns)
            here, until = max(first, before), min(end, after)
            if here < until:
                parts.append(_moments(step, here - before, until - here))
            before = after
        found = np.concatenate(parts)
        if len(found) != end - first:
            raise ValueError(f"got the slots {first} to {end}, expected some that are due in {self.steps}")
        return found

    def _spans(self, until_ns: int) -> Iterable[tuple[Step, int]]:
        """Give each step that has begun before a moment, with its own end or that moment."""
        for number, step in enumerate(self.steps):
            if step.from_ns >= until_ns:
                return
            next_ns = self.steps[number + 1].from_ns if number + 1 < len(self.steps) else until_ns
            yield step, min(next_ns, until_ns)


def append(folder: Path, step: Step) -> None:
    """Add a step to the pace file of a load, in one write: whoever follows it sees whole lines or nothing."""
    with (folder / FILE).open("ab", buffering=0) as file:
        file.write((json.dumps(asdict(step)) + "\n").encode())


def read(folder: Path, *, producers: int = 1) -> Pace:
    """Read the pace as it stands now, as one of so many producers; no file yet means no step yet."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return Pace(steps=tuple(Step(**json.loads(line)).share(producers) for line in lines))


def finish(folder: Path) -> None:
    """Say that no step follows any more: the load ends in order. Saying it again changes nothing."""
    (folder / FINISH).touch()


def is_finished(folder: Path) -> bool:
    """Say whether whoever sets the pace has finished."""
    return (folder / FINISH).exists()


def _rate(rate_hz: float) -> tuple[int, int]:
    """Return a rate as a whole number of slots in a whole number of nanoseconds."""
    rate = Fraction(rate_hz).limit_denominator(1000)
    return rate.numerator, rate.denominator * NS_PER_S


def _moments(step: Step, first: int, count: int) -> NDArray[np.int64]:
    """Return when so many slots of a step are due; what is multiplied stays far below 2^63."""
    records, nanoseconds = _rate(step.rate_hz)
    whole_ns, rest = divmod(first * nanoseconds, records)
    return step.from_ns + whole_ns + (rest + np.arange(count, dtype=np.int64) * nanoseconds) // records


def _slots(step: Step, end_ns: int) -> int:
    """Count the slots of a step that are due before a moment."""
    if step.rate_hz == 0 or end_ns <= step.from_ns:
        return 0
    records, nanoseconds = _rate(step.rate_hz)
    return -(-(end_ns - step.from_ns) * records // nanoseconds)
