"""The verdict on a sizing: each of the four is seen, and none without its evidence."""

from __future__ import annotations

import pytest

from harness.checkers.load.resources import Documented
from harness.checkers.load.sufficiency import Conclusion, Sufficiency, conclude, drifted, limiting_resource
from harness.checkers.load.trial import judge
from harness.measuring.drift import Comparison, Difference, Figure
from harness.measuring.knee import Outcome
from harness.measuring.plan import Drain, FindKnee
from harness.verdict import Judgement, Verdict
from tests.load.samples import MEASURED_S, WARM_UP_S, broker, consumed, produced, result

WHOLE = Judgement(checker="load-delivery", verdict=Verdict.PASS, reason="all was read")
FOUND = Outcome(verdict=Verdict.PASS, reason="it was carried", carried_hz=4000, repeats=(4000, 4100, 4050))
WILD = Outcome(verdict=Verdict.PASS, reason="it was carried", carried_hz=4000, repeats=(4000, 6000, 9000, 5000, 8000))
PLAN = FindKnee(from_records_per_s=1000, most_records_per_s=64_000)
DOCUMENTED = Documented(cpu_millicores=500, memory_bytes=1 << 30)


def concluded(
    outcome: Outcome = FOUND,
    *,
    delivery: Judgement | None = WHOLE,
    expected_hz: float | None = 2000,
) -> Conclusion:
    return conclude(
        outcome,
        judgements=[] if delivery is None else [delivery],
        expected_hz=expected_hz,
        plan=PLAN,
    )


def test_more_than_expected_suffices_and_the_headroom_is_told() -> None:
    found = concluded()
    assert found.sufficiency is Sufficiency.SUFFICIENT
    assert found.headroom_ratio == 1
    assert found.knee is not None
    assert found.knee.low < 4000 < found.knee.high


def test_less_than_expected_is_insufficient() -> None:
    assert concluded(expected_hz=6000).sufficiency is Sufficiency.INSUFFICIENT


def test_an_expectation_within_the_noise_is_inconclusive() -> None:
    assert concluded(expected_hz=4100).sufficiency is Sufficiency.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdict", "said"),
    [(Verdict.FAIL, Sufficiency.INSUFFICIENT), (Verdict.INCONCLUSIVE, Sufficiency.INCONCLUSIVE)],
)
def test_what_was_not_carried_or_not_judged_does_not_suffice(verdict: Verdict, said: Sufficiency) -> None:
    assert concluded(Outcome(verdict=verdict, reason="x", carried_hz=None)).sufficiency is said
    assert concluded(delivery=Judgement(checker="d", verdict=verdict, reason="x")).sufficiency is said


def test_a_lost_record_outweighs_a_search_that_could_not_tell() -> None:
    lost = Judgement(checker="d", verdict=Verdict.FAIL, reason="3 records were lost")
    found = concluded(Outcome(verdict=Verdict.INCONCLUSIVE, reason="x", carried_hz=None), delivery=lost)
    assert found.sufficiency is Sufficiency.INSUFFICIENT
    assert found.reason == "3 records were lost"


def test_a_load_that_nobody_reads_needs_no_delivery() -> None:
    assert concluded(delivery=None).sufficiency is Sufficiency.SUFFICIENT


def test_a_profile_without_an_expectation_says_so() -> None:
    assert "no rate is expected" in concluded(expected_hz=None).reason


def figure(name: str, difference: Difference, *, is_drift: bool = False) -> Figure:
    return Figure(name=name, unit="records/s", difference=difference, why="+50 %", is_drift=is_drift)


def compared(*figures: Figure) -> Comparison:
    difference = figures[0].difference if figures else Difference.UNKNOWN
    return Comparison(before="run-1", after="run-2", difference=difference, reason="not alike", figures=figures)


@pytest.mark.parametrize("difference", [Difference.BETTER, Difference.WORSE])
def test_a_figure_that_moved_is_drift_and_noise_is_not(difference: Difference) -> None:
    same = figure("knee", Difference.SAME)
    found = drifted(concluded(), compared(same, figure("broker CPU", difference, is_drift=True)))
    assert found.sufficiency is Sufficiency.DRIFT
    assert found.reason == "it differs from run-1: broker CPU +50 %"
    assert drifted(concluded(), compared(same)) == concluded()
    assert drifted(concluded(), compared(same, figure("produce latency p99", difference))) == concluded()


def test_what_cannot_be_compared_is_said_and_is_no_drift() -> None:
    found = drifted(concluded(), compared(figure("knee", Difference.UNKNOWN)))
    assert found.sufficiency is Sufficiency.SUFFICIENT
    assert found.reason.endswith("whether it is as in run-1 cannot be told of: knee")
    assert drifted(concluded(), compared()).reason.endswith("cannot be told of: not alike")


def test_a_cluster_that_carries_all_that_is_tried_suffices_and_its_knee_is_not_known() -> None:
    beyond = Outcome(verdict=Verdict.PASS, reason="64000 were carried", carried_hz=64_000)
    found = concluded(beyond)
    assert found.sufficiency is Sufficiency.SUFFICIENT
    assert found.headroom_ratio == 31
    assert found.knee is None
    found = concluded(beyond, expected_hz=None)
    assert found.sufficiency is Sufficiency.INCONCLUSIVE
    assert "no knee was found, as the profile tries no more" in found.reason


def test_backlogs_that_were_read_too_fast_to_say_how_fast_suffice_for_what_is_expected() -> None:
    outcome = Outcome(verdict=Verdict.PASS, reason="at least 90000 records/s", carried_hz=90_000)
    plan = Drain(records_per_s=4000)
    found = conclude(outcome, judgements=[WHOLE], plan=plan, expected_hz=2000)
    assert found.sufficiency is Sufficiency.SUFFICIENT
    found = conclude(outcome, judgements=[WHOLE], plan=plan, expected_hz=None)
    assert found.sufficiency is Sufficiency.INCONCLUSIVE
    assert "how fast it goes at the most is not known" in found.reason


def test_repeats_that_do_not_agree_are_no_knee_but_what_was_expected_was_carried() -> None:
    assert concluded(WILD).sufficiency is Sufficiency.SUFFICIENT
    found = concluded(WILD, expected_hz=None)
    assert found.sufficiency is Sufficiency.INCONCLUSIVE
    assert "the repeats do not agree: 4000, 6000, 9000, 5000, 8000 records/s" in found.reason
    assert concluded(expected_hz=None).sufficiency is Sufficiency.SUFFICIENT


def test_insufficient_is_not_hidden_by_drift() -> None:
    insufficient = concluded(expected_hz=6000)
    assert drifted(insufficient, compared(figure("knee", Difference.WORSE, is_drift=True))) == insufficient


def test_the_resource_that_ended_first_is_named_only_when_it_was_seen() -> None:
    seconds = range(WARM_UP_S + MEASURED_S)
    slow = [frame for s in seconds for frame in (produced(s, latency_ms=900), consumed(s))]
    late = [frame for s in seconds for frame in (produced(s, lateness_ms=900), consumed(s))]
    throttled = result(slow, pods={"kafka-0": broker(throttled=9)})
    assert limiting_resource([judge(throttled, documented=DOCUMENTED, is_read=True)]) == "broker CPU"
    assert limiting_resource([judge(result(slow), documented=DOCUMENTED, is_read=True)]) == "none seen"
    assert limiting_resource([judge(result(late), documented=DOCUMENTED, is_read=True)]) == "generator"
    assert limiting_resource([judge(result(), documented=DOCUMENTED, is_read=True)]) == "none seen"
    assert limiting_resource([]) == "none seen"


def test_a_trial_that_the_generator_spoiled_is_never_a_failure_of_the_cluster() -> None:
    late = [produced(s, lateness_ms=900, latency_ms=900) for s in range(WARM_UP_S + MEASURED_S)]
    spoiled = result(late, pods={"kafka-0": broker(throttled=9)})
    assert judge(spoiled, documented=DOCUMENTED, is_read=False).verdict is Verdict.INCONCLUSIVE


def test_a_trial_is_judged_by_all_its_judges() -> None:
    assert judge(result(), documented=DOCUMENTED, is_read=True).verdict is Verdict.PASS
    unread = [produced(s) for s in range(WARM_UP_S + MEASURED_S)]
    assert judge(result(unread), documented=DOCUMENTED, is_read=False).verdict is Verdict.PASS
    assert judge(result(unread), documented=DOCUMENTED, is_read=True).verdict is not Verdict.PASS
    throttled = result(pods={"kafka-0": broker(throttled=9)})
    assert judge(throttled, documented=DOCUMENTED, is_read=True).verdict is Verdict.FAIL
    assert judge(throttled, documented=None, is_read=True).verdict is Verdict.PASS
    assert judge(result(), documented=None, is_read=True, lost="given up").verdict is Verdict.FAIL
