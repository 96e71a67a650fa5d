"""The arithmetic of a stall: what an open loop must show, and what a loop that waits for answers hides."""

from __future__ import annotations

import numpy as np
import pytest

from harness.measuring.histogram import Histogram
from harness.measuring.stall import late

LIMITS_MS = (100.0, 500.0, 1000.0)


def latencies(*values_ms: float) -> Histogram:
    found = Histogram()
    found.record_many_us((np.array(values_ms) * 1000).astype(np.int64))
    return found


def test_an_open_loop_agrees_with_the_arithmetic() -> None:
    waited_ms = [2000.0 - due for due in range(2000)]
    calm_ms = [5.0] * 10_000
    for limit in LIMITS_MS:
        found = late(latencies(*waited_ms, *calm_ms), rate_hz=1000, stall_s=2.0, limit_ms=limit)
        assert abs(found.error_ratio) < 0.002


def test_a_loop_that_waits_for_each_answer_shows_one_late_record_where_there_were_thousands() -> None:
    found = late(latencies(2000.0, *[5.0] * 10_000), rate_hz=1000, stall_s=2.0, limit_ms=100)
    assert found.counted == 1
    assert found.computed == pytest.approx(1900)
    assert found.error_ratio < -0.99


@pytest.mark.parametrize("limit_ms", [0, 2000, 2500])
def test_a_limit_beyond_the_stall_is_refused(limit_ms: float) -> None:
    with pytest.raises(ValueError, match="expected one within the stall of 2 s"):
        late(Histogram(), rate_hz=1000, stall_s=2.0, limit_ms=limit_ms)
