"""A schedule: one line of text that reads back exactly, whatever is in it and whatever is taken out of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.schedule import Schedule, Step, parse

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
TENTHS = st.integers(0, 9999).map(lambda count: count / 10)
STEPS = st.builds(
    Step,
    family=NAMES,
    victim=st.none() | NAMES,
    start_s=TENTHS,
    after_sync=st.booleans(),
    lasts_s=TENTHS,
)


def ordered(steps: list[Step]) -> Schedule:
    """Let steps that may overlap begin in their order."""
    kept: list[Step] = []
    for step in steps:
        begun_s = 0.0 if not kept or kept[-1].after_sync else kept[-1].start_s
        kept.append(step if step.after_sync else replace(step, start_s=max(begun_s, step.start_s)))
    return Schedule(tuple(kept))


SCHEDULES = st.lists(STEPS, max_size=8).map(ordered)


@given(SCHEDULES)
def test_what_is_written_reads_back_exactly(schedule: Schedule) -> None:
    assert parse(str(schedule)) == schedule


@given(SCHEDULES, st.sets(st.integers(0, 7)))
def test_steps_that_are_taken_out_leave_the_others_at_their_distances(schedule: Schedule, dropped: set[int]) -> None:
    left = schedule.without(sorted(dropped))
    kept = [step for number, step in enumerate(schedule.steps) if number not in dropped]
    assert [(step.what, step.lasts_s) for step in left.steps] == [(step.what, step.lasts_s) for step in kept]
    assert parse(str(left)) == left


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("none", ()),
        ("", ()),
        (
            "pause:leader@0+20, partition-ring@60+15",
            (
                Step(family="pause", victim="leader", lasts_s=20),
                Step(family="partition-ring", start_s=60, lasts_s=15),
            ),
        ),
        (
            "crash:controller@after,isolate:kafka-1@after2.5+0.5",
            (
                Step(family="crash", victim="controller", after_sync=True),
                Step(family="isolate", victim="kafka-1", after_sync=True, start_s=2.5, lasts_s=0.5),
            ),
        ),
    ],
)
def test_a_schedule_is_read_as_it_is_written(text: str, steps: tuple[Step, ...]) -> None:
    assert parse(text) == Schedule(steps)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pause:leader", "got 'pause:leader' in a schedule"),
        ("pause:leader@", "got 'pause:leader@' in a schedule"),
        ("pause:leader@0+20,", "got '' in a schedule"),
        ("Pause@0", "got 'Pause@0' in a schedule"),
        ("pause@1.25", "got 'pause@1.25' in a schedule"),
        ("pause@-1", "got 'pause@-1' in a schedule"),
        ("pause@20,crash@10", "got pause@20,crash@10, expected steps in the order in which they begin"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_form(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert refused.value.problem.startswith(said)
    assert "family[:victim]@start[+lasts]" in refused.value.remedy


@pytest.mark.parametrize("time_s", [-1.0, 0.05, 100_000.0])
def test_a_time_that_the_text_would_lose_is_refused(time_s: float) -> None:
    with pytest.raises(ValueError, match="expected tenths of a second"):
        Step(family="crash", start_s=time_s)


@pytest.mark.parametrize(
    ("dropped", "left"),
    [
        ((0,), "b@after5,c@2,d@after"),
        ((1,), "a@after5,c@5,d@after"),
        ((0, 1), "c@after5,d@after"),
        ((0, 1, 2), "d@after"),
        ((3,), "a@after5,b@3,c@5"),
    ],
)
def test_the_next_step_takes_the_place_of_one_that_leads_its_stretch(dropped: tuple[int, ...], left: str) -> None:
    assert str(parse("a@after5,b@3,c@5,d@after").without(dropped)) == left
