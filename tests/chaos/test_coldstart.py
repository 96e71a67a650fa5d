"""Cold starts: proven only when every pod has ended."""

from __future__ import annotations

import pytest

from chaos.coldstart import ColdStart
from chaos.process import CrashInPlace, ForcedDelete, PodEnds
from harness.verdict import Inconclusive
from tests.cluster.fakes import FakeCluster

either_way = pytest.mark.parametrize("end", [CrashInPlace, ForcedDelete])


@either_way
def test_all_end_and_come_back(end: type[PodEnds]) -> None:
    fake = FakeCluster()
    fault = ColdStart(fake.cluster, fake.brokers, end=end)
    assert fault.proof_of_injection() is None
    fault.inject()
    proof = fault.proof_of_injection()
    assert proof is not None
    assert set(proof) == set(fake.brokers)
    fault.heal()
    assert fault.proof_of_healing() == {"ready": list(fake.brokers)}


@either_way
def test_a_cold_start_that_was_only_asked_for_is_not_proven(end: type[PodEnds]) -> None:
    fake = FakeCluster(deaf=True)
    fault = ColdStart(fake.cluster, fake.brokers, end=end)
    fault.inject()
    assert (fault.proof_of_injection(), fault.proof_of_healing()) == (None, None)


def test_one_that_lives_on_is_a_witness_against_it() -> None:
    fake = FakeCluster()
    fault = ColdStart(fake.cluster, fake.brokers)
    fake.restart("kafka-0")
    fake.restart("kafka-1")
    assert fault.proof_of_injection() is None
    fake.restart("kafka-2")
    assert fault.proof_of_injection() is not None


def test_it_is_not_healed_while_one_is_not_ready() -> None:
    fake = FakeCluster()
    fault = ColdStart(fake.cluster, fake.brokers)
    fault.inject()
    fake.unready.add("kafka-2")
    assert fault.proof_of_healing() is None


def test_it_takes_several_pods() -> None:
    with pytest.raises(Inconclusive, match="expected pods that end together"):
        ColdStart(FakeCluster().cluster, ["kafka-0"])
