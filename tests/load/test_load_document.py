"""The document of a load: plain values, whole, and null where nothing was measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import profiles, sizing
from harness.brain import Tried
from harness.checkers.load.sufficiency import conclude
from harness.checkers.load.trial import judge
from harness.load_document import Concluded, document
from harness.measuring.knee import Next, Outcome
from harness.measuring.plan import FindKnee, Purpose
from harness.measuring.result import LoadResult
from harness.verdict import Judgement, Verdict
from tests.load.samples import RATE, result

WHOLE = Judgement(checker="load-delivery", verdict=Verdict.PASS, reason="all was read")

PLAN = FindKnee(from_records_per_s=100, most_records_per_s=1000)


def written(load: LoadResult, *, repeats: tuple[float, ...] = (1000, 1010, 990)) -> dict[str, Any]:
    """Write a load of one trial as JSON and read it back."""
    outcome = Outcome(verdict=Verdict.PASS, reason="it was carried", carried_hz=RATE, repeats=repeats)
    tried = Tried(
        step=Next(purpose=Purpose.HOLD, rate_hz=RATE, seconds=10),
        judged=judge(load, documented=None, is_read=True),
    )
    concluded = Concluded(
        profile=profiles.of_sizing(sizing.read()),
        tried=[tried],
        outcome=outcome,
        conclusion=conclude(
            outcome, judgements=[WHOLE], plan=FindKnee(from_records_per_s=100, most_records_per_s=1000), expected_hz=500
        ),
        judgements=[WHOLE],
        hours_to_full_disk=None,
    )
    found: dict[str, Any] = json.loads(json.dumps(document(concluded, quota_cores=0.5, run_id="r")))
    return found


def test_a_load_is_written_as_plain_values() -> None:
    found = written(result())
    assert found["schema"] == "greenfield-load/1"
    assert found["run_id"] == "r"
    assert found["verdict"] == "SUFFICIENT"
    assert found["headroom_ratio"] == 1
    (trial,) = found["trials"]
    assert trial["purpose"] == "hold"
    assert trial["achieved_hz"] == RATE
    assert trial["produce_ms"]["p99"] == pytest.approx(10, rel=0.01)
    assert trial["broker_cpu_cores"]["kafka-0"] == pytest.approx(0.2)
    assert trial["backlog_growth_per_s"] == 0


def test_what_was_not_measured_is_null() -> None:
    found = written(result([]), repeats=())
    assert found["knee"] is None
    assert found["cpu_model"] is None
    (trial,) = found["trials"]
    assert trial["verdict"] == "INCONCLUSIVE"
    assert trial["achieved_hz"] is None
    assert trial["produce_ms"] is None
    assert trial["lag_growth_per_s"] is None
