"""The outcome: a load that broke down, lost a record, was late or missed its objective is told from one that did."""

from __future__ import annotations

from typing import Any

import pytest

from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from harness.measuring.ledger import ConsumerLedger, Ledger, ProducerLedger
from harness.measuring.pace import Pace, Step
from harness.measuring.traffic import Traffic
from harness.runclock import NS_PER_S
from harness.verdict import Verdict
from load.crew import Crew, Kind
from load.outcome import Objective, Promise, judge
from tests.load.samples import lines_of

RATE = 100
SECONDS = 5
RECORDS = RATE * SECONDS
PROMISE = Promise(
    pace=Pace(steps=(Step(from_ns=0, rate_hz=RATE), Step(from_ns=SECONDS * NS_PER_S, rate_hz=0))),
    started_ns=0,
    ended_ns=SECONDS * NS_PER_S,
    traffic=Traffic(partitions=1, producers=1, groups=1, consumers=1),
)


def second(number: int, **counted: Any) -> Frame:
    """Return a second in which the rate was sent and acknowledged within 5 ms, but for what is said."""
    values = {"sent": RATE, "acknowledged": RATE, "failed": 0, "late_ms": 1, **counted}
    took, late = Histogram(), Histogram()
    took.record_us(5000, count=values["acknowledged"] + values["failed"])
    late.record_us(1000 * values.pop("late_ms"), count=values["sent"])
    return Frame(engine="producer-0", started_ns=number * NS_PER_S, latency=took, lateness=late, **values)


def crew(*frames: Frame, lost: int = 0, code: int = 0, reached_end: bool = True) -> Crew:
    """Return the crew of one producer and one consumer, which read all but the last records."""
    made = Crew(producers=1, consumers=1)
    sent: Ledger = ProducerLedger(sent={"0/0": RECORDS}, acknowledged={"0/0": ((0, RECORDS - 1, 1),)})
    read = ConsumerLedger(
        reads={"0/0": ((0, RECORDS - 1 - lost, 1),)}, disordered=0, reading_s=1.0, reached_end=reached_end
    )
    for kind in Kind:
        made.claim(kind, owner="one")
    lines = {"producer-0": lines_of(*frames, ledger=sent), "consumer-0": lines_of(ledger=read)}
    made.take({"lines": lines, "codes": {"producer-0": code, "consumer-0": 0}, "troubles": []})
    return made


def whole(**counted: Any) -> list[Frame]:
    return [second(number, **counted) for number in range(SECONDS)]


def test_a_load_that_went_well_passes_and_says_how_well() -> None:
    said = judge(crew(*whole()), Objective(max_p99_ms=6, min_ratio=1), promise=PROMISE)
    assert said.verdict is Verdict.PASS
    assert "500 of 500 records were acknowledged" in said.reason


@pytest.mark.parametrize(
    ("seen", "objective", "verdict", "said"),
    [
        (crew(*whole(), code=1), Objective(), Verdict.INCONCLUSIVE, "broke down"),
        (crew(*whole(acknowledged=99)), Objective(), Verdict.INCONCLUSIVE, "5 records without an answer"),
        (crew(), Objective(), Verdict.INCONCLUSIVE, "no record at all"),
        (crew(*whole(), lost=1), Objective(), Verdict.FAIL, "1 acknowledged records were never read"),
        (crew(*whole(late_ms=80), lost=1), Objective(), Verdict.FAIL, "1 acknowledged records were never read"),
        (crew(*whole(), lost=1, reached_end=False), Objective(), Verdict.INCONCLUSIVE, "not reached by the consumers"),
        (crew(*whole(late_ms=80)), Objective(max_p99_ms=1), Verdict.INCONCLUSIVE, "generator-bound"),
        (
            crew(*whole(sent=50, acknowledged=50)),
            Objective(),
            Verdict.INCONCLUSIVE,
            "250 records sent in time, expected 495",
        ),
        (crew(*whole(acknowledged=99, failed=1)), Objective(), Verdict.FAIL, "0.9900 of the records"),
        (crew(*whole()), Objective(max_p99_ms=4), Verdict.FAIL, "4 ms at most"),
    ],
)
def test_each_way_to_fail_is_named(seen: Crew, objective: Objective, verdict: Verdict, said: str) -> None:
    found = judge(seen, objective, promise=PROMISE)
    assert found.verdict is verdict
    assert said in found.reason


def test_records_that_are_acknowledged_only_after_the_end_do_not_hold_the_rate() -> None:
    frames = [second(0), second(1), *(second(number, acknowledged=0) for number in (2, 3, 4))]
    late = judge(crew(*frames, second(5, sent=0, acknowledged=300)), Objective(), promise=PROMISE)
    assert late.verdict is Verdict.FAIL
    assert "the rate was not held: got 200 records acknowledged in time, expected 400" in late.reason


def test_what_was_due_just_before_the_end_may_still_be_under_way() -> None:
    frames = [*whole()[:-1], second(4, acknowledged=10), second(5, sent=0, acknowledged=90)]
    assert judge(crew(*frames), Objective(), promise=PROMISE).verdict is Verdict.PASS


def test_failures_that_are_allowed_do_not_count() -> None:
    seen = crew(*whole(acknowledged=99, failed=1))
    assert judge(seen, Objective(min_ratio=0.98)).verdict is Verdict.PASS


def test_a_load_that_was_too_short_says_nothing() -> None:
    short = Promise(pace=PROMISE.pace, started_ns=0, ended_ns=NS_PER_S // 2, traffic=PROMISE.traffic)
    assert judge(crew(second(0)), Objective(), promise=short).verdict is Verdict.INCONCLUSIVE


def test_a_load_whose_pace_somebody_else_set_is_held_to_its_objectives_only() -> None:
    assert judge(crew(*whole(late_ms=80), lost=1), Objective()).verdict is Verdict.PASS


def test_a_user_that_could_not_start_is_the_reason() -> None:
    seen = crew(*whole())
    seen.troubles.append("Orders could not start its engines")
    assert judge(seen, Objective(), promise=PROMISE).reason == "Orders could not start its engines"
    assert seen.is_broken()


def test_a_worker_that_is_missed_before_its_engines_ended_is_lost() -> None:
    seen = Crew(producers=1, consumers=0)
    seen.claim(Kind.PRODUCER, owner="one")
    seen.miss(["two"])
    assert seen.lost == {"one"}


def test_a_worker_that_leaves_after_its_engines_ended_is_not_lost() -> None:
    seen = crew(*whole())
    seen.miss([])
    assert not seen.lost
