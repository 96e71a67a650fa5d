"""A backlog that is read: how fast, by whom it was held up, and when nothing can be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.checkers.load import drain
from harness.checkers.load.drain import at_least_per_s, at_most_per_s, with_rates
from harness.checkers.load.trial import judge
from harness.measuring.frames import Frame
from harness.measuring.knee import Outcome
from harness.measuring.plan import Purpose
from harness.measuring.result import LoadResult
from harness.measuring.usage import MachineSample
from harness.verdict import Verdict
from tests.load.samples import WARM_UP_S, broker, consumed, machine, produced, result

FASTEST = 5000


def drained(
    reads: Sequence[int],
    *,
    backlog: int | None = None,
    reader_cores: float = 0.05,
    throttled: int = 9,
    machine_samples: list[MachineSample] | None = None,
) -> LoadResult:
    """Return a drain: what was written before is read so many records in each second, and nothing is sent."""
    before = sum(reads) if backlog is None else backlog
    frames: list[Frame] = [produced(0, sent=before, acknowledged=before), consumed(0, count=0)]
    for second, count in enumerate(reads, start=WARM_UP_S):
        frames += [produced(second, sent=0, acknowledged=0), replace(consumed(second, count=count), cpu_s=reader_cores)]
    made = result(frames, pods={"kafka-0": broker(throttled=throttled)}, machine_samples=machine_samples)
    until_s = made.trial.from_s + len(reads)
    return replace(made, trial=replace(made.trial, purpose=Purpose.DRAIN, rate_hz=0, until_s=until_s))


WELL = (700, *[FASTEST] * 6, 300)
OUTCOME = Outcome(verdict=Verdict.PASS, reason="all were read", carried_hz=None)


def test_how_fast_is_said_without_the_first_and_the_last_second() -> None:
    assert at_most_per_s(drained(WELL)) == FASTEST
    assert at_least_per_s(drained(WELL)) == sum(WELL) / 8
    judged = drain.check(drained(WELL))
    assert judged.verdict is Verdict.PASS
    assert judged.reason == "5000 records/s were read"


def test_what_is_left_in_the_end_fails() -> None:
    judged = drain.check(drained(WELL, backlog=sum(WELL) + 7))
    assert judged.verdict is Verdict.FAIL
    assert judged.reason == "7 records were still not read after 8 s"


def test_a_backlog_that_is_read_at_once_says_only_how_fast_at_the_least() -> None:
    judged = drain.check(drained((300, FASTEST, 100)))
    assert judged.verdict is Verdict.PASS
    assert judged.reason == "at least 1800 records/s were read (within 3 s)"
    assert at_most_per_s(drained((300, FASTEST, 100))) is None


def test_nothing_read_says_nothing() -> None:
    assert drain.check(drained((0, 0))).verdict is Verdict.INCONCLUSIVE


def test_a_reader_or_a_machine_that_ends_first_is_not_the_cluster() -> None:
    busy = drained(WELL, reader_cores=0.95)
    assert at_most_per_s(busy) is None
    assert "at least 3875 records/s were read (reader-bound: consumer-0 used 0.95 cores" in drain.check(busy).reason
    assert at_most_per_s(drained(WELL, throttled=1, machine_samples=machine(idle_ratio=0.01))) is None
    assert at_most_per_s(drained(WELL, throttled=9, machine_samples=machine(idle_ratio=0.01))) == FASTEST


def test_a_drain_is_judged_by_how_it_was_read_alone() -> None:
    judged = judge(drained(WELL), documented=None, is_read=True)
    assert [one.checker for one in judged.judgements] == [drain.NAME]
    assert judged.verdict is Verdict.PASS
    assert judge(drained(WELL, backlog=99_999), documented=None, is_read=True).verdict is Verdict.FAIL


def test_the_outcome_is_told_how_fast_each_backlog_was_read_and_counts_on_the_slowest() -> None:
    slower = drained((700, *[4000] * 6, 300))
    found = with_rates(OUTCOME, [result(), drained(WELL), slower])
    assert (found.carried_hz, found.repeats) == (4000, (FASTEST, 4000))
    assert found.reason == "all were read, 4000 records/s"
    assert with_rates(OUTCOME, [result()]) == OUTCOME


def test_one_backlog_that_was_read_at_once_leaves_open_how_fast_it_goes_at_the_most() -> None:
    found = with_rates(OUTCOME, [drained(WELL), drained((300, FASTEST, 100))])
    assert (found.carried_hz, found.repeats) == (1800, ())
    assert found.reason == "all were read, at least 1800 records/s"
    assert with_rates(OUTCOME, [drained(WELL), drained((0,))]) == OUTCOME
