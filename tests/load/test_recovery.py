"""Recovery: what a load felt of a fault in its midst; too little seen is never 'nothing felt'."""

from __future__ import annotations

from harness.checkers.load import recovery
from harness.measuring.frames import Frame
from harness.runclock import NS_PER_S
from harness.verdict import Verdict
from tests.load.samples import STARTED_NS, consumed, produced, result

FIRST_S = 10.0 + 2
"""When the judged part of a sample begins, on the run's clock."""


def hurt(*latencies_ms: float, end_to_end_ms: float = 20) -> list[Frame]:
    """Return a load whose seconds had these latencies; all that was read in them was as late as the last says."""
    return [
        frame
        for second, latency in enumerate([10, 10, *latencies_ms])
        for frame in (
            produced(second, latency_ms=latency),
            consumed(second, end_to_end_ms=end_to_end_ms if latency > 100 else 20),
        )
    ]


def test_the_longest_wait_and_the_time_to_catch_up_are_told() -> None:
    load = result(hurt(10, 10, 2500, 300, 10, 10, 10, 10, 10, 10))
    found = recovery.check(load, struck_s=FIRST_S + 2)
    assert found.verdict is Verdict.PASS
    assert found.measured["caught_up_after_s"] == 2
    assert found.measured["seconds_not_in_time"] == 2
    assert "the longest wait of a record was 2.50 s" in found.reason


def test_a_load_that_stays_late_has_not_recovered() -> None:
    found = recovery.check(result(hurt(10, 10, *[300.0] * 8)), struck_s=FIRST_S + 2)
    assert found.verdict is Verdict.FAIL
    assert found.measured["caught_up_after_s"] is None


def test_what_is_read_late_is_not_in_time_either() -> None:
    frames = hurt(10, 10, 10, 10, 10, 10, 10, 10)
    late = [consumed(index, end_to_end_ms=500) if frame.consumed else frame for index, frame in _numbered(frames)]
    assert recovery.check(result(late), struck_s=FIRST_S + 2).verdict is Verdict.FAIL


def test_a_second_in_which_nothing_was_acknowledged_is_not_in_time() -> None:
    silent = [produced(second, acknowledged=0) if second > 4 else produced(second) for second in range(12)]
    frames = [frame for second, one in enumerate(silent) for frame in (one, consumed(second))]
    assert recovery.check(result(frames), struck_s=FIRST_S + 2).verdict is Verdict.FAIL


def test_too_little_seen_before_or_after_is_inconclusive() -> None:
    load = result(hurt(*[10.0] * 10))
    for struck_s in (FIRST_S - 1, FIRST_S + 6, FIRST_S + 100):
        assert recovery.check(load, struck_s=struck_s).verdict is Verdict.INCONCLUSIVE


def _numbered(frames: list[Frame]) -> list[tuple[int, Frame]]:
    return [((frame.started_ns - STARTED_NS) // NS_PER_S, frame) for frame in frames]
