"""The remedies of scale and roll: they undo what their fault does, as often as they are applied, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.process import CrashInPlace, ForcedDelete, GracefulDelete
from chaos.rollout import OriginalConfig, RollingConfigChange, RollingRestart
from chaos.scale import BrokersAway, Replicas
from harness.cluster.pods import Cluster
from harness.faults import Fault
from harness.remedies import remedy_of
from tests.cluster.fakes import FakeCluster

LASTING: dict[str, Callable[[Cluster], Fault]] = {
    "brokers away": lambda cluster: BrokersAway(cluster, left=1),
    "rolling config change": lambda cluster: RollingConfigChange(cluster, file="a", text="b"),
}
every_lasting_fault = pytest.mark.parametrize("make", LASTING.values(), ids=list(LASTING))


@every_lasting_fault
def test_what_its_fault_did_is_seen_and_undone(make: Callable[[Cluster], Fault]) -> None:
    fake = FakeCluster()
    fault = make(fake.cluster)
    remedies = [remedy_of(remedy.as_json()) for remedy in fault.remedies()]
    assert remedies
    fault.inject()
    assert all(remedy.remains(fake.cluster) for remedy in remedies)
    for remedy in remedies * 2:
        remedy.apply(fake.cluster)
    assert [remedy.remains(fake.cluster) for remedy in remedies] == [""] * len(remedies)
    assert (fake.asked, set(fake.pods), fake.mounted) == (3, set(fake.brokers), "kafka-abc")
    assert fake.config_maps == {"kafka-abc"}


@every_lasting_fault
def test_where_there_is_nothing_to_undo_nothing_changes(make: Callable[[Cluster], Fault]) -> None:
    fake = FakeCluster()
    before = dict(fake.pods)
    for remedy in make(fake.cluster).remedies():
        remedy.apply(fake.cluster)
        assert remedy.remains(fake.cluster) == ""
    assert fake.pods == before


@every_lasting_fault
def test_a_set_that_is_gone_took_the_effect_with_it(make: Callable[[Cluster], Fault]) -> None:
    fake = FakeCluster()
    remedies = make(fake.cluster).remedies()
    fake.asked = None
    for remedy in remedies:
        remedy.apply(fake.cluster)
        assert remedy.remains(fake.cluster) == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda cluster: GracefulDelete(cluster, "kafka-0"),
        lambda cluster: ForcedDelete(cluster, "kafka-0"),
        lambda cluster: CrashInPlace(cluster, "kafka-0"),
        RollingRestart,
    ],
    ids=["graceful", "forced", "crash", "roll"],
)
def test_what_kubernetes_undoes_by_itself_needs_no_remedy(make: Callable[[Cluster], Fault]) -> None:
    assert make(FakeCluster().cluster).remedies() == ()


def test_what_is_declared_is_what_was_there_before_the_first_fault() -> None:
    fake = FakeCluster()
    first, second = BrokersAway(fake.cluster, left=2), BrokersAway(fake.cluster, left=1)
    assert first.remedies() == second.remedies() == (Replicas(stateful_set="kafka", declared=3),)


def test_a_changed_config_map_that_a_pod_still_mounts_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCluster()
    remedy = OriginalConfig(stateful_set="kafka", original="kafka-abc", changed="kafka-abc-changed")
    fake.config_maps.add("kafka-abc-changed")
    monkeypatch.setattr(fake, "pods_with_config_map", lambda _: ("kafka-2",))
    remedy.apply(fake.cluster)
    assert remedy.remains(fake.cluster) == "there is a ConfigMap kafka-abc-changed"
