"""The outcome: a load that broke down, left records open or missed its objective is told from one that did."""

from __future__ import annotations

import pytest

from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from load.crew import Crew, Kind
from load.outcome import Objective, complaint


def crew(*, acknowledged: int = 10, failed: int = 0, code: int = 0) -> Crew:
    """Return the crew of one producer that sent ten records, each answered within 5 ms."""
    made, took = Crew(producers=1, consumers=0), Histogram()
    made.claim(Kind.PRODUCER, owner="one")
    took.record_us(5000, count=acknowledged + failed)
    frame = Frame(engine="producer-0", started_ns=0, sent=10, acknowledged=acknowledged, failed=failed, latency=took)
    made.take({"frames": [frame.as_json()], "codes": {"producer-0": code}})
    return made


def test_a_load_that_went_well_has_no_complaint() -> None:
    assert complaint(crew(), Objective(max_p99_ms=6, min_ratio=1)) is None


@pytest.mark.parametrize(
    ("seen", "objective", "said"),
    [
        (crew(code=1), Objective(), "broke down"),
        (crew(acknowledged=9), Objective(), "1 records without an answer"),
        (crew(acknowledged=9, failed=1), Objective(min_ratio=0.95), "0.9000 of the records"),
        (crew(), Objective(max_p99_ms=4), "4 ms at most"),
        (Crew(producers=1, consumers=0), Objective(), "the end of 0 engines"),
        (Crew(producers=0, consumers=0), Objective(), "no record at all"),
    ],
)
def test_each_way_to_fail_is_named(seen: Crew, objective: Objective, said: str) -> None:
    assert said in (complaint(seen, objective) or "")


def test_a_worker_that_is_missed_before_its_engines_ended_is_lost() -> None:
    seen = Crew(producers=1, consumers=0)
    seen.claim(Kind.PRODUCER, owner="one")
    seen.miss(["two"])
    assert seen.lost == {"one"}


def test_a_worker_that_leaves_after_its_engines_ended_is_not_lost() -> None:
    seen = crew()
    seen.miss([])
    assert not seen.lost
