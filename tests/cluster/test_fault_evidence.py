"""The evidence of faults: what really happened is proven, and a fault that was only asked for never is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete, PodEnds
from chaos.rollout import RollingConfigChange, RollingRestart
from chaos.scale import BrokersAway
from harness.cluster.pods import Cluster
from harness.faults import Fault
from harness.verdict import Inconclusive
from tests.cluster.fakes import FakeCluster

Make = Callable[[Cluster], Fault]


def config_change(cluster: Cluster) -> Fault:
    return RollingConfigChange(cluster, file="20-changed.properties", text="log.cleaner.threads=2\n")


FAULTS: dict[str, Make] = {
    "graceful delete": lambda cluster: GracefulDelete(cluster, "kafka-1"),
    "forced delete": lambda cluster: ForcedDelete(cluster, "kafka-1"),
    "crash in place": lambda cluster: CrashInPlace(cluster, "kafka-1"),
    "rolling restart": RollingRestart,
    "rolling config change": config_change,
    "brokers away": lambda cluster: BrokersAway(cluster, left=1),
}
every_fault = pytest.mark.parametrize("make", FAULTS.values(), ids=list(FAULTS))
ends_a_pod = pytest.mark.parametrize("kind", [GracefulDelete, ForcedDelete, CrashInPlace])


@every_fault
def test_a_fault_that_happened_and_was_healed_is_proven(make: Make) -> None:
    fake = FakeCluster()
    fault = make(fake.cluster)
    assert (fault.proof_of_injection(), fault.proof_of_healing()) == (None, None) or isinstance(fault, BrokersAway)
    fault.inject()
    assert fault.proof_of_injection()
    fault.heal()
    assert fault.proof_of_healing()


@every_fault
def test_a_fault_whose_injection_does_nothing_is_never_proven(make: Make) -> None:
    fake = FakeCluster(deaf=True)
    fault = make(fake.cluster)
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() is None
    fake.unready.update(fake.brokers)
    assert fault.proof_of_injection() is None
    fault.heal()
    assert fault.proof_of_injection() is None


@every_fault
def test_healing_is_not_proven_while_a_target_is_not_ready(make: Make) -> None:
    fake = FakeCluster()
    fault = make(fake.cluster)
    fault.inject()
    fault.heal()
    fake.unready.add(fault.plan()[0])
    assert fault.proof_of_healing() is None


@every_fault
def test_healing_may_be_asked_for_at_any_time_and_again(make: Make) -> None:
    fake = FakeCluster()
    fault = make(fake.cluster)
    fault.heal()
    fault.inject()
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing()


@every_fault
def test_planning_touches_nothing_and_names_targets(make: Make) -> None:
    fake = FakeCluster()
    before = dict(fake.pods)
    assert set(make(fake.cluster).plan()) <= set(fake.brokers)
    assert make(fake.cluster).plan() != ()
    assert fake.pods == before


@every_fault
def test_a_target_that_does_not_run_cannot_be_harmed(make: Make) -> None:
    fake = FakeCluster()
    del fake.pods["kafka-1"]
    with pytest.raises(Inconclusive, match="kafka-1 is not running"):
        make(fake.cluster)


@pytest.mark.parametrize("make", [RollingRestart, config_change, FAULTS["brokers away"]])
def test_a_fault_without_a_target_is_refused(make: Make) -> None:
    with pytest.raises(Inconclusive):
        make(FakeCluster(brokers=0).cluster)


@ends_a_pod
def test_while_the_pod_is_away_nothing_is_proven_yet(kind: type[PodEnds]) -> None:
    fake = FakeCluster()
    fault = kind(fake.cluster, "kafka-1")
    del fake.pods["kafka-1"]
    assert (fault.proof_of_injection(), fault.proof_of_healing()) == (None, None)


@ends_a_pod
def test_another_pods_end_is_no_proof(kind: type[PodEnds]) -> None:
    fake = FakeCluster()
    fault = kind(fake.cluster, "kafka-1")
    fake.replace("kafka-0")
    fake.restart("kafka-2")
    assert fault.proof_of_injection() is None


def test_a_container_that_restarted_is_no_deleted_pod() -> None:
    fake = FakeCluster()
    fault = GracefulDelete(fake.cluster, "kafka-1")
    fake.restart("kafka-1")
    assert fault.proof_of_injection() is None


def test_a_pod_that_was_replaced_is_no_crash_in_place() -> None:
    fake = FakeCluster()
    fake.restart("kafka-1")
    fault = CrashInPlace(fake.cluster, "kafka-1")
    fake.replace("kafka-1")
    fake.restart("kafka-1")
    fake.restart("kafka-1")
    assert fault.proof_of_injection() is None


def test_a_restart_before_the_fault_is_not_its_own() -> None:
    fake = FakeCluster(deaf=True)
    fake.restart("kafka-1")
    fault = CrashInPlace(fake.cluster, "kafka-1")
    fault.inject()
    assert fault.proof_of_injection() is None


def test_the_proof_names_both_identities() -> None:
    fake = FakeCluster()
    fault = CrashInPlace(fake.cluster, "kafka-1")
    fault.inject()
    assert fault.proof_of_injection() == {
        "pod": "kafka-1",
        "before": {"uid": "kafka-1/1", "restarts": 0, "started_at": "1"},
        "after": {"uid": "kafka-1/1", "restarts": 1, "started_at": "later"},
    }


def test_a_rolling_restart_that_leaves_one_broker_out_is_not_proven() -> None:
    fake = FakeCluster()
    fault = RollingRestart(fake.cluster)
    fake.replace("kafka-2")
    fake.replace("kafka-1")
    assert fault.proof_of_injection() is None
    fake.replace("kafka-0")
    assert fault.proof_of_injection() is not None


def test_brokers_that_are_partly_away_are_not_away() -> None:
    fake = FakeCluster()
    fault = BrokersAway(fake.cluster, left=1)
    fake.scale("kafka", replicas=2)
    assert fault.proof_of_injection() is None


@pytest.mark.parametrize("left", [-1, 3, 4])
def test_brokers_away_must_leave_some_and_take_some(left: int) -> None:
    with pytest.raises(ValueError, match=f"got left={left}, expected 0 to 2"):
        BrokersAway(FakeCluster().cluster, left=left)
