"""The course of a load: it ends, it finds the knee of a noisy cluster, and never takes the generator's for it."""

from __future__ import annotations

import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measuring.knee import Next, Outcome, do_agree, following, trials_against
from harness.measuring.plan import Drain, FindKnee, Hold, Purpose, Soak
from harness.verdict import Verdict

PLAN = FindKnee(from_records_per_s=1000, most_records_per_s=64_000)
MOST_TRIALS = 45


class Simulated:
    """A cluster whose capacity is another one in each trial, by at most `noise`; beyond `seen_hz` nobody can tell."""

    def __init__(self, capacity_hz: float, *, noise: float = 0.0, seed: int = 0, seen_hz: float = 1e9) -> None:
        self._capacity_hz, self._noise, self._seen_hz = capacity_hz, noise, seen_hz
        self._random = random.Random(seed)

    def __call__(self, trial: Next) -> Verdict:
        if trial.rate_hz > self._seen_hz:
            return Verdict.INCONCLUSIVE
        capacity_hz = self._capacity_hz * (1 + self._random.uniform(-self._noise, self._noise))
        return Verdict.PASS if trial.rate_hz <= capacity_hz else Verdict.FAIL


@given(st.floats(150, 60_000), st.floats(0, 0.02), st.integers(0, 10_000))
def test_the_knee_of_a_noisy_cluster_is_found_within_five_percent(capacity_hz: float, noise: float, seed: int) -> None:
    trials, outcome = trials_against(PLAN, Simulated(capacity_hz, noise=noise, seed=seed))
    assert outcome.verdict is Verdict.PASS
    assert len(trials) <= MOST_TRIALS
    assert outcome.carried_hz is not None
    assert 1 / (1.05 * (1 + 2 * noise)) <= outcome.carried_hz / capacity_hz <= 1 + noise
    assert len(outcome.repeats) == 3
    assert all(abs(repeat / capacity_hz - 1) <= 0.025 + 1.1 * noise for repeat in outcome.repeats)


class Moody:
    """A cluster whose capacity changes from one repeat of the search to the next: it is another one in each trial."""

    def __init__(self, *, seed: int) -> None:
        self._random = random.Random(seed)

    def __call__(self, trial: Next) -> Verdict:
        return Verdict.PASS if trial.rate_hz <= 4000 * self._random.uniform(0.4, 1.6) else Verdict.FAIL


def test_a_search_is_repeated_until_the_last_repeats_agree_or_it_is_enough() -> None:
    found = [trials_against(PLAN, Moody(seed=seed)) for seed in range(40)]
    whole = [(trials, outcome.repeats) for trials, outcome in found if outcome.repeats]
    assert {len(repeats) for _, repeats in whole} == {PLAN.repeats}
    agreeing = [len(trials) for trials, repeats in whole if do_agree(PLAN, repeats)]
    others = [len(trials) for trials, repeats in whole if not do_agree(PLAN, repeats)]
    assert agreeing
    assert min(others) > min(agreeing), "those that never agree are repeated as often as it is allowed"


class Rising:
    """A cluster that carries a little more from trial to trial, until it is warm."""

    def __init__(self) -> None:
        self._trials = 0

    def __call__(self, trial: Next) -> Verdict:
        self._trials += 1
        return Verdict.PASS if trial.rate_hz <= min(4000, 1500 * 1.05**self._trials) else Verdict.FAIL


def test_what_was_found_while_a_cluster_got_faster_does_not_count() -> None:
    _, outcome = trials_against(PLAN, Rising())
    assert outcome.verdict is Verdict.PASS
    assert all(3900 <= repeat <= 4100 for repeat in outcome.repeats)
    assert do_agree(PLAN, outcome.repeats)


def test_a_single_repeat_agrees_with_nothing() -> None:
    assert not do_agree(PLAN, [])
    assert not do_agree(PLAN, [4000])
    assert do_agree(PLAN, [4000, 4010, 3990])


def test_a_search_of_a_warm_cluster_takes_about_five_minutes() -> None:
    trials, _ = trials_against(PLAN, Simulated(4500, noise=0.01))
    searched = [trial for trial in trials if trial.purpose is not Purpose.WARM_UP]  # it ends when the cluster is warm
    assert sum(trial.seconds for trial in searched) < 240
    assert len(trials) <= 22


@given(st.floats(150, 60_000), st.floats(150, 60_000), st.integers(0, 10_000))
def test_a_generator_that_ends_first_is_never_the_knee_of_the_cluster(
    capacity_hz: float, seen_hz: float, seed: int
) -> None:
    _, outcome = trials_against(PLAN, Simulated(capacity_hz, noise=0.01, seed=seed, seen_hz=seen_hz))
    if seen_hz < capacity_hz * 0.99 / 1.03:
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert not outcome.repeats


def test_a_generator_bound_search_still_says_what_was_carried() -> None:
    _, outcome = trials_against(PLAN, Simulated(50_000, seen_hz=5000))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert outcome.carried_hz is not None
    assert 4700 <= outcome.carried_hz <= 5000
    assert "nothing could be said" in outcome.reason


def test_a_generator_that_ends_above_the_knee_does_not_hide_it() -> None:
    _, outcome = trials_against(PLAN, Simulated(4000, seen_hz=5000))
    assert outcome.verdict is Verdict.PASS


def test_a_trial_that_could_not_be_judged_is_made_once_more() -> None:
    numbers = count()
    cluster = Simulated(4000)
    _, outcome = trials_against(PLAN, lambda t: Verdict.INCONCLUSIVE if next(numbers) == 1 else cluster(t))
    assert outcome.verdict is Verdict.PASS


def test_a_cluster_that_carries_all_that_is_tried_has_no_knee_but_is_confirmed_and_soaked() -> None:
    trials, outcome = trials_against(PLAN, Simulated(1e9))
    assert outcome.verdict is Verdict.PASS
    assert outcome.carried_hz == PLAN.most_records_per_s
    assert not outcome.repeats
    assert [trial.purpose for trial in trials[-2:]] == [Purpose.CONFIRM, Purpose.SOAK]
    _, outcome = trials_against(PLAN, lambda t: Verdict.FAIL if t.purpose is Purpose.CONFIRM else Verdict.PASS)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "short trials carried about 64000 records/s" in outcome.reason


class Warming:
    """A cluster that carries little until it has carried something for a while."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self, trial: Next) -> Verdict:
        self._seconds += trial.seconds
        return Verdict.PASS if trial.rate_hz <= (20_000 if self._seconds > 350 else 4000) else Verdict.FAIL


def test_a_cluster_that_is_still_getting_faster_is_warmed_up_until_it_is_not() -> None:
    trials, outcome = trials_against(PLAN, Warming())
    assert outcome.verdict is Verdict.PASS
    assert outcome.carried_hz is not None
    assert 19_000 <= outcome.carried_hz <= 20_000
    assert sum(trial.purpose is Purpose.WARM_UP for trial in trials) >= 3


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_a_cluster_that_carries_nothing_ends_the_search(verdict: Verdict) -> None:
    trials, outcome = trials_against(PLAN, lambda _: verdict)
    assert outcome.verdict is verdict
    assert outcome.carried_hz is None
    assert len(trials) < 12


def test_a_cluster_that_breaks_down_during_the_search_ends_it() -> None:
    numbers, cluster = count(), Simulated(4500)
    trials, outcome = trials_against(PLAN, lambda t: cluster(t) if next(numbers) < 9 else Verdict.FAIL)
    assert outcome.verdict is Verdict.FAIL
    assert len(trials) < MOST_TRIALS


def test_short_trials_alone_are_not_believed() -> None:
    cluster = Simulated(4000)
    _, outcome = trials_against(PLAN, lambda t: Verdict.FAIL if t.purpose is Purpose.CONFIRM else cluster(t))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert outcome.carried_hz is None


def test_a_soak_that_fails_fails_the_course() -> None:
    cluster = Simulated(4000)
    _, outcome = trials_against(PLAN, lambda t: Verdict.FAIL if t.purpose is Purpose.SOAK else cluster(t))
    assert outcome.verdict is Verdict.FAIL


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_holding_a_rate_is_one_trial_after_the_warm_up(verdict: Verdict) -> None:
    trials, outcome = trials_against(Hold(records_per_s=500, warm_up_s=5, measured_s=60), lambda _: verdict)
    assert [(trial.purpose, trial.rate_hz, trial.seconds) for trial in trials] == [
        (Purpose.WARM_UP, 500, 5),
        (Purpose.HOLD, 500, 60),
    ]
    assert outcome.verdict is verdict


def test_a_soak_holds_a_share_of_the_rate() -> None:
    trials, _ = trials_against(Soak(records_per_s=500, share=0.8), lambda _: Verdict.PASS)
    assert [trial.rate_hz for trial in trials] == [400, 400]


def test_a_backlog_is_written_while_nobody_reads_and_then_read_several_times() -> None:
    trials, outcome = trials_against(Drain(records_per_s=500, repeats=2), lambda _: Verdict.PASS)
    assert [(trial.purpose, trial.rate_hz, trial.reads) for trial in trials] == [
        (Purpose.WARM_UP, 500, True),
        (Purpose.FILL, 500, False),
        (Purpose.DRAIN, 0, True),
        (Purpose.FILL, 500, False),
        (Purpose.DRAIN, 0, True),
    ]
    assert outcome.verdict is Verdict.PASS
    assert outcome.reason == "2 of 2 backlogs were read"


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_a_backlog_that_was_not_written_shows_nothing_and_one_that_was_not_read_is_told(verdict: Verdict) -> None:
    plan = Drain(records_per_s=500, repeats=2)
    _, outcome = trials_against(plan, lambda trial: verdict if trial.purpose is Purpose.FILL else Verdict.PASS)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "there is no backlog to read" in outcome.reason
    _, outcome = trials_against(plan, lambda trial: verdict if trial.purpose is Purpose.DRAIN else Verdict.PASS)
    assert outcome.verdict is verdict


@given(st.floats(150, 60_000), st.integers(0, 100))
def test_a_course_can_be_continued_from_its_verdicts_alone(capacity_hz: float, seed: int) -> None:
    trials, outcome = trials_against(PLAN, Simulated(capacity_hz, noise=0.02, seed=seed))
    cluster = Simulated(capacity_hz, noise=0.02, seed=seed)
    verdicts: list[Verdict] = []
    for trial in trials:
        assert following(PLAN, verdicts) == trial
        verdicts.append(cluster(trial))
    assert following(PLAN, verdicts) == outcome
    assert isinstance(outcome, Outcome)
