"""Drawing schedules: rounds of faults from a seed, each with families of its own, and quiet in between. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import ceil, floor
from random import Random

from harness.families import Catalogue, Family
from harness.schedule import Schedule, Step

FAMILIES_MOST = 4
"""In one round; the next one has others, so that none is rare and each meets each."""

OVERLAP_CHANCE = 0.4
FIRST_S = 3
PAUSE_S = (2, 8)
QUIET_S = (15, 30)
LASTS_MOST_S = 30
NOMINAL_S = 20.0
"""About how long a fault takes from its injection until everything is in sync again, beyond what it lasts."""

Round = tuple[Step, ...]


def rounds(random: Random, known: Callable[[], Catalogue]) -> Iterator[Round]:
    """Give rounds without end: in each some of the families that are known by then, in any order, some overlapping."""
    quiet_s = FIRST_S
    while families := list(known().values()):
        taken = random.sample(families, k=random.randint(1, min(FAMILIES_MOST, len(families))))
        yield _round(random, taken, quiet_s=quiet_s)
        quiet_s = random.randint(*QUIET_S)


def _round(random: Random, families: list[Family], *, quiet_s: int) -> Round:
    steps: list[Step] = []
    before: Family | None = None
    for family in families:
        step = _drawn(random, family)
        if before is None:
            steps.append(replace(step, after_sync=True, start_s=float(quiet_s)))
        elif not (before.alone or family.alone) and random.random() < OVERLAP_CHANCE:
            steps.append(replace(step, start_s=_during(random, steps[-1])))
        else:
            steps.append(replace(step, after_sync=True, start_s=float(random.randint(*PAUSE_S))))
        before = family
    return tuple(steps)


def _drawn(random: Random, family: Family) -> Step:
    victim = random.choice(family.victims) if family.victims else None
    lasts_s = 0
    if family.lasts is not None:
        least_s, most_s = ceil(family.lasts.least_s), floor(min(family.lasts.most_s, LASTS_MOST_S))
        lasts_s = random.randint(least_s, most_s)
    return Step(family=family.name, victim=victim, lasts_s=float(lasts_s))


def _during(random: Random, under_way: Step) -> float:
    """Return a moment while a step is under way, counted from the step that leads the stretch."""
    begun_s = 0.0 if under_way.after_sync else under_way.start_s
    return begun_s + random.randint(1, max(2, round(under_way.lasts_s * 0.7)))


def nominal_s(step: Step) -> float:
    """Return about how much longer a schedule takes for this step; one that overlaps takes no time of its own."""
    return step.start_s + step.lasts_s + NOMINAL_S if step.after_sync else 0.0


def drawn(random: Random, known: Catalogue, *, for_s: float) -> Schedule:
    """Return about what a run of this length would carry out, if no family turns out to be unsupported."""
    steps: list[Step] = []
    taken_s = 0.0
    for each in rounds(random, lambda: known):
        for step in each:
            if step.after_sync and taken_s >= for_s:
                return Schedule(tuple(steps))
            steps.append(step)
            taken_s += nominal_s(step)
    return Schedule(tuple(steps))
