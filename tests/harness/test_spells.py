"""Spells: each fault must be proven, met by enough sends, and felt no longer than it and what follows it allow."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from harness.budget import LiveTimeouts
from harness.evidence import Window
from harness.families import catalogue
from harness.schedule import parse
from harness.spells import Missed, Spell, faults_judged, overlaps_judged, windows_judged
from harness.underway import Struck
from harness.verdict import Judgement, Verdict
from tests.harness.test_guards import history

ALL = catalogue()
LIVE = LiveTimeouts(zookeeper_session_s=6, replica_lag_s=10)
NOTICED_S = 6 + 4 + 2
"""The end of a broker that may be the controller: its session, an election, and what its successor reads first."""


def struck(
    text: str, *, at_s: float, released_s: float | None = None, healed_s: float | None = None, proven: bool = True
) -> Struck:
    (step,) = parse(text).steps
    return Struck(
        step=step,
        family=ALL[step.family],
        fault=step.family,
        victims=("kafka-1",),
        targets=("kafka-1",),
        injected_s=at_s,
        proven_s=at_s + 1 if proven else None,
        released_s=released_s,
        healed_s=healed_s,
    )


CRASH = Spell(struck=(struck("crash:leader@0", at_s=10, released_s=11, healed_s=14),), until_s=16)
PAUSE = Spell(struck=(struck("pause:leader@0+20", at_s=40, released_s=60, healed_s=65),), until_s=70)
COLD = Spell(struck=(struck("cold-start@0", at_s=100, released_s=125, healed_s=130),), until_s=131)
BOTH = Spell(
    struck=(
        struck("isolate:leader@0+10", at_s=200, released_s=210, healed_s=218),
        struck("delete:broker@5", at_s=205, released_s=206, healed_s=225),
    ),
    until_s=230,
)


@pytest.mark.parametrize(
    ("spell", "seconds"),
    [
        pytest.param(CRASH, NOTICED_S, id="one that ends by itself: until it is noticed, and an election"),
        pytest.param(PAUSE, 20 + NOTICED_S, id="one that lasts: that, too"),
        pytest.param(COLD, 30 + NOTICED_S, id="one that stops all: until they are well again"),
        pytest.param(BOTH, 25 + NOTICED_S, id="several: until the last one is well again"),
        pytest.param(
            Spell(struck=(struck("delete:broker@0", at_s=0),), until_s=9), 5, id="one that is announced: a hand-over"
        ),
        pytest.param(
            Spell(struck=(struck("pause:leader@0+20", at_s=40),), until_s=50),
            10 + NOTICED_S,
            id="one broken off",
        ),
    ],
)
def test_how_long_partitions_may_acknowledge_nothing(spell: Spell, seconds: float) -> None:
    assert spell.allowed(LIVE).seconds == pytest.approx(seconds)


def windows(*found: tuple[float, float], spells: tuple[Spell, ...] = (CRASH, PAUSE), late_s: float = 0.0) -> Judgement:
    """Judge windows from one second to another."""

    def find(from_s: float, to_s: float) -> tuple[Window, ...]:
        cut = [
            (max(start_s, from_s), min(end_s, to_s)) for start_s, end_s in found if start_s < to_s and end_s > from_s
        ]
        return tuple(Window(key="a-0", operation="produce", start_s=start_s, end_s=end_s) for start_s, end_s in cut)

    (judged,) = windows_judged(spells, find, live=LIVE, acknowledged=1, generator_lateness_s=late_s, until_s=80.0)
    return judged


def test_windows_within_what_their_spells_allow_hold_and_the_tightest_speaks() -> None:
    judged = windows((10, 19), (40, 62))
    assert judged.verdict is Verdict.PASS
    assert judged.reason == "worst window 9.00 s of 12 s (after crash:leader@0)"
    assert (judged.measured["budget_s"], judged.measured["spells"]) == (12, 2)


def test_a_window_that_is_too_long_fails_although_another_spell_would_allow_it() -> None:
    judged = windows((10, 24), (40, 62))
    assert judged.verdict is Verdict.FAIL
    assert "a-0 acknowledged nothing for 14.0 s, the budget is 12 s" in judged.reason
    assert len(judged.findings) == 1


def test_a_window_in_the_quiet_after_a_spell_is_judged_by_it() -> None:
    assert windows((20, 34)).verdict is Verdict.FAIL


def test_a_late_generator_says_nothing_of_the_cluster() -> None:
    assert windows((10, 24), late_s=7.0).verdict is Verdict.INCONCLUSIVE


def test_where_nothing_was_injected_there_is_no_window_to_judge() -> None:
    assert windows_judged((), lambda *_: (), live=LIVE, acknowledged=1, generator_lateness_s=0, until_s=9) == ()


def test_faults_that_are_all_proven_pass() -> None:
    judged = faults_judged((CRASH, BOTH), (), is_given=True)
    assert (judged.verdict, judged.reason) == (Verdict.PASS, "faults proven: 3 of 3")


@pytest.mark.parametrize("is_unsupported", [True, False])
@pytest.mark.parametrize("is_given", [True, False])
def test_a_step_that_was_left_out_counts_unless_it_was_drawn_and_is_unsupported(
    is_unsupported: bool, is_given: bool
) -> None:
    missed = Missed(step=parse("late:leader@0+5").steps[0], why="no netem", is_unsupported=is_unsupported)
    judged = faults_judged((CRASH,), (missed,), is_given=is_given)
    expected = Verdict.PASS if is_unsupported and not is_given else Verdict.INCONCLUSIVE
    assert judged.verdict is expected
    assert judged.measured["left_out"] == 1


def test_a_fault_without_proof_and_no_fault_at_all_are_inconclusive() -> None:
    unproven = Spell(struck=(struck("crash:leader@0", at_s=10, proven=False),), until_s=16)
    judged = faults_judged((CRASH, unproven), (), is_given=False)
    assert (judged.verdict, judged.reason) == (Verdict.INCONCLUSIVE, "nothing proves crash:leader@0 (kafka-1)")
    nothing = faults_judged((), (), is_given=False)
    assert (nothing.verdict, nothing.measured["faults"]) == (Verdict.INCONCLUSIVE, 0)


def test_the_spell_that_the_fewest_sends_met_speaks_for_all() -> None:
    sends = history(*pairwise(range(8, 30)))
    (judged,) = overlaps_judged((CRASH, replace(CRASH, until_s=30.0)), sends, at_least=5)
    assert (judged.verdict, judged.measured["overlapping_sends"]) == (Verdict.PASS, 8)
    (few,) = overlaps_judged((CRASH, PAUSE), sends, at_least=5)
    assert (few.verdict, few.measured["overlapping_sends"]) == (Verdict.INCONCLUSIVE, 0)
    assert overlaps_judged((), sends, at_least=5) == ()
