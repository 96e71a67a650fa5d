"""Judging the generator: what it spoils is neither held against the cluster nor believed."""

from __future__ import annotations

from harness.checkers.load import generator, speed
from harness.measuring.frames import Frame
from harness.measuring.result import LoadResult
from harness.verdict import Verdict, merge
from tests.load.samples import MEASURED_S, RATE, WARM_UP_S, broker, consumed, machine, produced, result

SECONDS = range(WARM_UP_S + MEASURED_S)


def verdict(load: LoadResult) -> Verdict:
    return merge(j.verdict for j in generator.believable(load, (speed.rate(load), speed.produce_latency(load))))


def slow(*, lateness_ms: float = 1, sent: int = RATE, cpu_s: float = 0.1) -> list[Frame]:
    """Return a load whose acknowledgements are late."""
    seconds = [
        (produced(s, latency_ms=900, lateness_ms=lateness_ms, sent=sent, cpu_s=cpu_s), consumed(s)) for s in SECONDS
    ]
    return [frame for pair in seconds for frame in pair]


def test_a_generator_in_time_passes_and_its_cost_is_told() -> None:
    judgement = generator.check(result())
    assert judgement.verdict is Verdict.PASS
    assert judgement.measured["engine_cpu_cores"] == {"consumer-0": 0.05, "producer-0": 0.1}
    assert judgement.measured["machine_idle_ratio"] == 0.5


def test_a_slow_cluster_fails_under_a_good_generator() -> None:
    assert verdict(result(slow())) is Verdict.FAIL


def test_a_late_generator_is_inconclusive() -> None:
    assert verdict(result(slow(lateness_ms=80))) is Verdict.INCONCLUSIVE


def test_a_generator_that_did_not_send_everything_is_inconclusive() -> None:
    assert verdict(result(slow(sent=RATE - 50))) is Verdict.INCONCLUSIVE


def test_an_engine_without_cpu_to_spare_is_inconclusive() -> None:
    assert verdict(result(slow(cpu_s=0.97))) is Verdict.INCONCLUSIVE


def test_a_late_generator_is_not_a_pass_either() -> None:
    frames = [produced(second, lateness_ms=80) for second in SECONDS]
    assert verdict(result(frames)) is Verdict.INCONCLUSIVE


def test_a_full_machine_without_throttled_brokers_is_inconclusive() -> None:
    load = result(slow(), machine_samples=machine(idle_ratio=0.01))
    assert verdict(load) is Verdict.INCONCLUSIVE


def test_a_full_machine_with_throttled_brokers_is_the_sizing_s_fault() -> None:
    load = result(slow(), machine_samples=machine(idle_ratio=0.01), pods={"kafka-0": broker(throttled=9)})
    assert verdict(load) is Verdict.FAIL


def test_a_full_machine_that_carried_the_load_passes() -> None:
    assert verdict(result(machine_samples=machine(idle_ratio=0.01))) is Verdict.PASS


def test_nothing_sent_is_inconclusive() -> None:
    assert generator.check(result([])).verdict is Verdict.INCONCLUSIVE
    assert generator.idle_ratio(result(machine_samples=[])) is None
