"""retention: one record a moment too early or too late is found; what was not watched is never called good."""

from __future__ import annotations

import pytest

from harness.checkers.retention import MAX_GAP_S, Sample, Written, not_earlier, not_later, still_there
from harness.verdict import Judgement, Verdict

PLACE = "orders-0"
RETENTION_S, BOUND_S = 6.0, 10.0


def record(offset: int, *, sent_s: float = 100.0) -> Written:
    return Written(place=PLACE, offset=offset, sent_s=sent_s, acked_s=sent_s + 0.05)


def samples(*starts: tuple[float, int], until_s: float = 130.0) -> dict[str, tuple[Sample, ...]]:
    """Ask every 0.1 s from second 90; the log starts at each offset from the given second on."""
    asked_s = [90 + n / 10 for n in range(int((until_s - 90) * 10))]
    return {
        PLACE: tuple(
            Sample(
                asked_s=at_s,
                answered_s=at_s + 0.01,
                log_start=max([offset for since_s, offset in starts if at_s >= since_s], default=0),
            )
            for at_s in asked_s
        )
    }


def early(observation: dict[str, tuple[Sample, ...]], *records: Written) -> Judgement:
    return not_earlier(records, observation, retention_s=RETENTION_S)


def late(observation: dict[str, tuple[Sample, ...]], *records: Written) -> Judgement:
    return not_later(records, observation, bound_s=BOUND_S, why="as configured")


def test_records_that_go_between_their_time_and_the_bound_are_good() -> None:
    observation, records = samples((107.0, 2)), (record(0), record(1))
    assert early(observation, *records).verdict is Verdict.PASS
    assert late(observation, *records).verdict is Verdict.PASS
    assert late(observation, *records).measured["oldest_gone_age_s"] == pytest.approx(7.01, abs=0.1)


def test_one_record_that_goes_early_with_the_segment_of_an_older_one_is_found() -> None:
    older, younger = record(0, sent_s=100.0), record(1, sent_s=102.0)
    judged = early(samples((107.0, 2)), older, younger)
    assert judged.verdict is Verdict.FAIL
    assert [finding.evidence["offset"] for finding in judged.findings] == [1]
    assert "gone 5.0" in judged.reason


def test_a_record_that_goes_a_moment_too_early_is_found() -> None:
    assert early(samples((105.5, 1)), record(0)).verdict is Verdict.FAIL


def test_a_record_that_stays_a_bit_too_long_is_found() -> None:
    judged = late(samples((110.5, 1)), record(0))
    assert judged.verdict is Verdict.FAIL
    assert "as configured" in judged.reason


def test_a_record_that_never_goes_is_late() -> None:
    assert late(samples(), record(0)).verdict is Verdict.FAIL


def test_without_records_or_samples_nothing_is_judged() -> None:
    for judged in (early(samples()), late(samples()), early({}, record(0)), late({}, record(0))):
        assert judged.verdict is Verdict.INCONCLUSIVE


def test_a_record_that_was_not_watched_until_its_time_is_not_judged() -> None:
    short = samples(until_s=104.0)
    assert early(short, record(0)).verdict is Verdict.INCONCLUSIVE
    assert late(short, record(0)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("gap", "verdict"), [(MAX_GAP_S / 2, Verdict.PASS), (3.0, Verdict.INCONCLUSIVE)])
def test_a_gap_across_the_decisive_moment_is_not_judged_unless_it_is_short(gap: float, verdict: Verdict) -> None:
    def without(observation: dict[str, tuple[Sample, ...]], around_s: float) -> dict[str, tuple[Sample, ...]]:
        kept = [s for s in observation[PLACE] if abs(s.asked_s - around_s) > gap / 2]
        return {PLACE: tuple(kept)}

    assert early(without(samples((106.0, 1)), 106.0), record(0)).verdict is verdict
    assert late(without(samples((110.0, 1)), 110.0), record(0)).verdict is verdict


def test_a_gap_elsewhere_does_not_matter() -> None:
    whole = samples((107.0, 1))[PLACE]
    gapped = {PLACE: tuple(sample for sample in whole if not 101 < sample.asked_s < 105)}
    assert early(gapped, record(0)).verdict is Verdict.PASS


def test_a_record_that_had_to_stay_was_there_until_the_end_of_the_watch() -> None:
    assert still_there([record(0)], samples(), until_s=120.0).verdict is Verdict.PASS
    assert still_there([record(0)], samples((119.0, 1)), until_s=120.0).verdict is Verdict.FAIL
    assert still_there([record(0)], samples(until_s=110.0), until_s=120.0).verdict is Verdict.INCONCLUSIVE
    assert still_there([], samples(), until_s=120.0).verdict is Verdict.INCONCLUSIVE
