"""What a load says at its end: each group is judged by itself, and each verdict has its exit code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import profiles
from harness.brain import Tried
from harness.checkers.load import delivery
from harness.checkers.load.sufficiency import Sufficiency
from harness.checkers.load.trial import judge
from harness.errors import ExitCode
from harness.load_lines import described, expected_s
from harness.loading import CODES, _on_the_whole
from harness.loadrun import Load, explained
from harness.measuring.knee import Next, Outcome
from harness.measuring.ledger import ConsumerLedger, Ledger, ProducerLedger
from harness.measuring.plan import Purpose
from harness.verdict import Verdict
from tests.load.samples import MEASURED_S, WARM_UP_S, produced, result

FAN_OUT = replace(profiles.find("fan-out").traffic, partitions=1, groups=2)
SENT = ProducerLedger(sent={"0/0": 10}, acknowledged={"0/0": ((0, 9, 1),)})


def read(last: int, *, times: int = 1) -> ConsumerLedger:
    return ConsumerLedger(reads={"0/0": ((0, last, times),)}, disordered=0, reached_end=True, reading_s=1.0)


def test_every_group_reads_every_record_once() -> None:
    ledgers: dict[str, Ledger] = {"producer-0": SENT, "consumer-0": read(9), "consumer-1": read(9)}
    assert delivery.check_groups(ledgers, FAN_OUT).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("second", "verdict"),
    [(read(8), Verdict.FAIL), (read(9, times=2), Verdict.FAIL), (None, Verdict.INCONCLUSIVE)],
)
def test_the_worst_group_decides(second: ConsumerLedger | None, verdict: Verdict) -> None:
    ledgers: dict[str, Ledger] = {"producer-0": SENT, "consumer-0": read(9)}
    if second is not None:
        ledgers["consumer-1"] = second
    assert delivery.check_groups(ledgers, FAN_OUT).verdict is verdict


def test_what_was_seen_last_explains_an_outcome_that_is_not_good() -> None:
    late = [produced(s, lateness_ms=900) for s in range(WARM_UP_S + MEASURED_S)]
    judged = [judge(load, documented=None, is_read=False) for load in (result(), result(late), result())]
    step = Next(purpose=Purpose.BISECT, rate_hz=1000, seconds=10)
    tried = [Tried(step=step, judged=one) for one in judged]
    unknown = Outcome(verdict=Verdict.INCONCLUSIVE, reason="no knee was found", carried_hz=None)
    assert explained(unknown, tried).reason.startswith("no knee was found (generator-bound: records were sent 900")
    assert explained(unknown, tried[:1]) == unknown
    good = Outcome(verdict=Verdict.PASS, reason="carried", carried_hz=1000)
    assert explained(good, tried) == good


@pytest.mark.parametrize(("carried_hz", "verdict"), [(2900.0, Verdict.PASS), (9000.0, Verdict.FAIL)])
def test_a_load_under_a_quota_is_judged_for_what_three_brokers_allow(carried_hz: float, verdict: Verdict) -> None:
    profile = profiles.find("quota")
    loads = {2900.0: result(), 4800.0: result([produced(s, acknowledged=1) for s in range(WARM_UP_S + MEASURED_S)])}
    tried = tuple(
        Tried(
            step=Next(purpose=Purpose.BISECT, rate_hz=rate_hz, seconds=10),
            judged=judge(load, documented=None, is_read=False),
        )
        for rate_hz, load in loads.items()
    )
    done = Load(
        profile=replace(profile, traffic=replace(profile.traffic, groups=0)),
        tried=tried,
        outcome=Outcome(verdict=Verdict.PASS, reason="carried", carried_hz=carried_hz),
        ledgers={},
        seconds=(),
    )
    (judged,) = _on_the_whole(done, struck_s=None, brokers=3)
    assert (judged.checker, judged.verdict, judged.measured["allowed_hz"]) == ("load-quota", verdict, 2929.7)


def test_every_verdict_has_its_exit_code() -> None:
    assert set(CODES) == set(Sufficiency)
    assert [said for said, code in CODES.items() if code is ExitCode.CERTIFIED] == [Sufficiency.SUFFICIENT]


def test_a_held_rate_takes_as_long_as_it_says() -> None:
    assert expected_s(profiles.find("soak").plan) == pytest.approx(1800 + 30 + 12)
    assert 120 < expected_s(profiles.find("end-to-end").plan) < 700


def test_a_trial_is_described_by_its_purpose_and_rate() -> None:
    assert described(Next(purpose=Purpose.RAMP, rate_hz=1000, seconds=8)).split() == ["ramp", "1000", "records/s"]
