"""A schedule of faults: which family strikes whom, when and for how long, as one line of text that reads back exactly.

    pause:leader@0+20,isolate:follower@15+10,crash:controller@after5

A step says `family[:victim]@start[+lasts]`, in seconds. `@after5` begins five seconds after everything before it has
ended and every partition is in sync again; a bare number counts from the last such step, or from the schedule's start,
so the step may overlap what is under way. Pure: nobody is asked who the leader is before the step begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.errors import UsageError

EMPTY = "none"
"""The text of a schedule without a step."""

MOST_S = 100_000.0
_STEP = re.compile(
    r"(?P<family>[a-z][a-z0-9-]*)(:(?P<victim>[a-z][a-z0-9-]*))?"
    r"@(?P<after>after)?(?P<start>\d{1,5}(\.\d)?)?(\+(?P<lasts>\d{1,5}(\.\d)?))?"
)
_FORM = "write family[:victim]@start[+lasts] such as pause:leader@0+20 or crash:controller@after5, with commas between"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One fault of a schedule; times are whole tenths of a second.

    With `after_sync`, `start_s` counts from when everything before it is over and in sync; otherwise from the last step
    that has it. `lasts_s` counts from the injection; zero is for faults that end by themselves.
    """

    family: str
    victim: str | None = None
    start_s: float = 0.0
    after_sync: bool = False
    lasts_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse times that the text would not give back."""
        for name, time_s in (("start_s", self.start_s), ("lasts_s", self.lasts_s)):
            if not 0 <= time_s < MOST_S or time_s != tenths(time_s):
                raise ValueError(f"got {name}={time_s}, expected tenths of a second from 0 to less than {MOST_S:g}")

    @property
    def what(self) -> str:
        """Whom which family strikes, without its times."""
        return self.family if self.victim is None else f"{self.family}:{self.victim}"

    def __str__(self) -> str:
        after = "after" if self.after_sync else ""
        lasts = f"+{_text(self.lasts_s)}" if self.lasts_s else ""
        start = "" if self.after_sync and not self.start_s else _text(self.start_s)
        return f"{self.what}@{after}{start}{lasts}"


@dataclass(frozen=True)
class Schedule:
    """Steps in the order in which they begin."""

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an order that is none."""
        for stretch in self.stretches:
            starts = [0.0 if step.after_sync else step.start_s for step in stretch]
            if starts != sorted(starts):
                raise ValueError(f"got {','.join(map(str, stretch))}, expected steps in the order in which they begin")

    @property
    def stretches(self) -> tuple[tuple[Step, ...], ...]:
        """The steps in parts, within which they may overlap: each part but the first begins with everything in sync."""
        found: list[list[Step]] = []
        for step in self.steps:
            if step.after_sync or not found:
                found.append([])
            found[-1].append(step)
        return tuple(map(tuple, found))

    def without(self, dropped: Sequence[int]) -> Schedule:
        """Return the schedule without some steps, by their numbers; the others keep their distances.

        Where the first step of a stretch goes, the next one takes its place, so that what never overlapped still does
        not.
        """
        gone, number = frozenset(dropped), 0
        kept: list[Step] = []
        for stretch in self.stretches:
            left = [step for offset, step in enumerate(stretch, start=number) if offset not in gone]
            number += len(stretch)
            kept.extend(_led_by(stretch[0], left))
        return Schedule(tuple(kept))

    def replacing(self, number: int, step: Step) -> Schedule:
        """Return the schedule with another step in the place of one."""
        return Schedule((*self.steps[:number], step, *self.steps[number + 1 :]))

    def __str__(self) -> str:
        return ",".join(map(str, self.steps)) or EMPTY


def _led_by(first: Step, left: Sequence[Step]) -> Iterator[Step]:
    """Give what is left of a stretch; what leads it now begins as `first` did."""
    if not left or left[0] == first:
        yield from left
        return
    lead, *others = left
    zero_s = lead.start_s if first.after_sync else lead.start_s - first.start_s
    yield replace(lead, start_s=first.start_s, after_sync=first.after_sync)
    for step in others:
        yield replace(step, start_s=tenths(step.start_s - zero_s))


def parse(text: str) -> Schedule:
    """Read a schedule back from its text."""
    if text.strip() in ("", EMPTY):
        return Schedule()
    try:
        return Schedule(tuple(_step(word.strip()) for word in text.split(",")))
    except ValueError as error:
        raise UsageError(str(error), remedy=_FORM) from error


def _step(word: str) -> Step:
    found = _STEP.fullmatch(word)
    if found is None or (found["after"] is None and found["start"] is None):
        raise ValueError(f"got {word!r} in a schedule, expected a step")
    return Step(
        family=found["family"],
        victim=found["victim"],
        start_s=float(found["start"] or 0),
        after_sync=found["after"] is not None,
        lasts_s=float(found["lasts"] or 0),
    )


def tenths(time_s: float) -> float:
    """Return a time in whole tenths of a second."""
    return round(time_s, 1)


def _text(time_s: float) -> str:
    return f"{time_s:.1f}".removesuffix(".0")
