"""Judging resources: limits that are not the documented ones, throttling, kills, and samples that are missing."""

from __future__ import annotations

import pytest

from harness.checkers.load import resources
from harness.checkers.load.resources import Documented
from harness.measuring.usage import Usage
from harness.verdict import Judgement, Verdict
from tests.load.samples import broker, result, usage

DOCUMENTED = Documented(cpu_millicores=500, memory_bytes=1 << 30)


def check(samples: list[Usage]) -> Judgement:
    return resources.check(result(pods={"kafka-0": broker(), "kafka-1": samples}), DOCUMENTED)


def test_the_documented_sizing_passes_and_is_measured() -> None:
    judgement = check(broker())
    assert judgement.verdict is Verdict.PASS
    (use, _) = resources.uses(result())
    assert use.cpu_cores == pytest.approx(0.2)
    assert use.throttled_ratio == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("samples", "anomaly"),
    [
        (broker(quota_cores=0.25), "cpu-limit"),
        (broker(quota_cores=None), "cpu-limit"),
        (broker(throttled=9), "throttled"),
        (broker(oom_kills=1), "out-of-memory"),
    ],
)
def test_each_want_fails(samples: list[Usage], anomaly: str) -> None:
    judgement = check(samples)
    assert judgement.verdict is Verdict.FAIL
    assert [finding.anomaly for finding in judgement.findings] == [anomaly]
    assert "kafka-1" in judgement.reason


def test_another_memory_limit_fails() -> None:
    judgement = resources.check(result(), Documented(cpu_millicores=500, memory_bytes=2 << 30))
    assert {finding.anomaly for finding in judgement.findings} == {"memory-limit"}


@pytest.mark.parametrize("samples", [[], broker()[:4], [usage(3)], broker()[:6] + broker()[12:]])
def test_too_few_samples_are_inconclusive(samples: list[Usage]) -> None:
    assert check(samples).verdict is Verdict.INCONCLUSIVE


def test_counters_that_began_anew_are_inconclusive() -> None:
    samples = broker()
    anew = [*samples[:7], *(usage(second, cores=0.01) for second in range(7, len(samples)))]
    assert check(anew).verdict is Verdict.INCONCLUSIVE


def test_no_brokers_are_inconclusive() -> None:
    assert resources.check(result(pods={}), DOCUMENTED).verdict is Verdict.INCONCLUSIVE
    assert resources.most_throttled(result(pods={})) == 0.0
