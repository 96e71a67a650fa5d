"""One more broker: proven by itself, gone only when nothing is on it any more, refused where there is no place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from kubernetes import client

from chaos import scaleup
from chaos.scaleup import BrokersAsDeclared, OneMoreBroker
from harness.clients.admin import Partition
from harness.cluster.pods import Cluster
from harness.remedies import remedy_of
from harness.verdict import Inconclusive, Unsupported

REMEDY = BrokersAsDeclared(stateful_set="kafka", declared=3)


def partition(index: int, *replicas: int, topic: str = "orders") -> Partition:
    return Partition(topic=topic, index=index, leader=replicas[0], replicas=replicas, isr=replicas)


def named(name: str) -> Any:
    return SimpleNamespace(metadata=client.V1ObjectMeta(name=name), spec=None)


@dataclass
class World:
    """Brokers on nodes, their claims and partitions; a reassignment is done in one step or, `slowly`, in two."""

    nodes: tuple[str, ...] = ("node-1", "node-2", "node-3", "node-4")
    asked: int | None = 3
    partitions: list[Partition] = field(default_factory=lambda: [partition(0, 0, 1, 2), partition(1, 1, 2, 0)])
    unready: set[str] = field(default_factory=set)
    registered: set[int] = field(default_factory=lambda: {0, 1, 2})
    lingers: bool = False
    slowly: bool = False
    separate: bool = True
    claims: list[str] = field(default_factory=lambda: [f"data-kafka-{number}" for number in range(3)])
    steps: list[str] = field(default_factory=list)
    brokers = ("kafka-0", "kafka-1", "kafka-2")
    zookeepers = ()
    namespace = "greenfield"
    bootstrap = "nowhere.invalid:9092"

    @property
    def cluster(self) -> Cluster:
        return cast(Cluster, self)

    @property
    def connection(self) -> Any:
        return SimpleNamespace(
            core=SimpleNamespace(
                list_node=lambda: SimpleNamespace(items=[named(node) for node in self.nodes]),
                list_namespaced_persistent_volume_claim=lambda _: SimpleNamespace(items=list(map(named, self.claims))),
                delete_namespaced_persistent_volume_claim=lambda name, _: self._drop(name),
            )
        )

    def _drop(self, claim: str) -> None:
        self.steps.append(f"delete {claim}")
        self.claims.remove(claim)

    def broker_pod(self, broker: int) -> str:
        return f"kafka-{broker}"

    def replicas(self, _: str) -> int | None:
        return self.asked

    def scale(self, _: str, *, replicas: int) -> None:
        self.steps.append(f"scale to {replicas}")
        self.asked = replicas
        if replicas > 3:
            self.claims.append("data-kafka-3")
            self.registered.add(3)
        else:
            self.registered.discard(3)

    def is_ready(self, pod: str) -> bool:
        return self.pod(pod) is not None and pod not in self.unready

    def pod(self, name: str) -> Any:
        number = int(name.rpartition("-")[2])
        if number >= (self.asked or 0) and not (self.lingers and number == 3):
            return None
        return SimpleNamespace(spec=SimpleNamespace(node_name=f"node-{number + 1}"))

    def stateful_set(self, _: str) -> Any:
        labels = {"app": "kafka"}
        term = SimpleNamespace(
            topology_key="kubernetes.io/hostname", label_selector=SimpleNamespace(match_labels=labels)
        )
        anti = SimpleNamespace(required_during_scheduling_ignored_during_execution=[term])
        affinity = SimpleNamespace(pod_anti_affinity=anti) if self.separate else None
        template = SimpleNamespace(metadata=client.V1ObjectMeta(labels=labels), spec=SimpleNamespace(affinity=affinity))
        return SimpleNamespace(spec=SimpleNamespace(template=template))

    def reassign(self, bootstrap: str, wanted: Sequence[Partition]) -> None:
        assert bootstrap == self.bootstrap
        self.steps.append("reassign")
        for one in wanted:
            at = next(n for n, known in enumerate(self.partitions) if known.index == one.index)
            before = self.partitions[at]
            both = (*one.replicas, *(broker for broker in before.replicas if broker not in one.replicas))
            self.partitions[at] = replace(before, replicas=both if self.slowly else one.replicas)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    class Asked:
        def __init__(self, bootstrap: str) -> None:
            assert bootstrap == made.bootstrap

        def partitions(self) -> tuple[Partition, ...]:
            return tuple(made.partitions)

        def brokers(self) -> tuple[int, ...]:
            return tuple(sorted(made.registered))

    monkeypatch.setattr(scaleup, "Admin", Asked)
    monkeypatch.setattr(scaleup, "reassign", made.reassign)
    return made


def test_it_joins_is_proven_and_goes_when_it_has_given_everything_back(world: World) -> None:
    fault = OneMoreBroker(world.cluster)
    assert (fault.plan(), fault.number, fault.proof_of_injection()) == (("kafka-3",), 3, None)
    fault.inject()
    assert fault.proof_of_injection() == {"ready": "kafka-3", "brokers": [0, 1, 2, 3]}
    world.partitions = [partition(0, 3, 1, 2), partition(1, 1, 3, 0)]
    world.steps.clear()
    fault.heal()
    proofs = [fault.proof_of_healing() for _ in range(4)]
    assert world.steps == ["reassign", "scale to 3", "delete data-kafka-3"]
    assert [one.replicas for one in world.partitions] == [(0, 1, 2), (1, 2, 0)]
    assert proofs[-1] == {"ready": ["kafka-0", "kafka-1", "kafka-2"]}


@pytest.mark.parametrize("lacks", ["ready", "registered"])
def test_one_that_does_not_serve_has_not_joined(world: World, lacks: str) -> None:
    fault = OneMoreBroker(world.cluster)
    fault.inject()
    if lacks == "ready":
        world.unready.add("kafka-3")
    else:
        world.registered.discard(3)
    assert fault.proof_of_injection() is None


def test_where_every_node_has_a_broker_there_is_no_place(world: World) -> None:
    world.nodes = ("node-1", "node-2", "node-3")
    with pytest.raises(Unsupported, match="every node has a broker already, and kafka-3 needs one of its own"):
        OneMoreBroker(world.cluster).inject()
    assert world.steps == []


def test_brokers_that_may_share_a_node_always_have_a_place(world: World) -> None:
    world.nodes, world.separate = ("node-1", "node-2", "node-3"), False
    OneMoreBroker(world.cluster).inject()
    assert world.steps == ["scale to 4"]


def test_a_cluster_that_is_not_whole_takes_nobody(world: World) -> None:
    world.unready.add("kafka-1")
    with pytest.raises(Inconclusive, match="not every broker is ready"):
        OneMoreBroker(world.cluster)


def test_another_machine_heals_step_by_step_from_what_is_journalled(world: World) -> None:
    fault = OneMoreBroker(world.cluster)
    (remedy,) = [remedy_of(one.as_json()) for one in fault.remedies()]
    assert remedy == REMEDY
    fault.inject()
    world.partitions[0] = partition(0, 3, 1, 2)
    said = "replicas on a broker beyond the declared 3: 1, such as of orders-0"
    assert remedy.remains(world.cluster) == said
    remedy.apply(world.cluster)
    assert remedy.remains(world.cluster) == "StatefulSet kafka is asked for 4 pods, declared are 3"
    world.lingers = True
    remedy.apply(world.cluster)
    assert remedy.remains(world.cluster) == "kafka-3, data-kafka-3 is left"
    remedy.apply(world.cluster)
    assert "data-kafka-3" in world.claims, "a volume that a pod has mounted stays"
    world.lingers = False
    remedy.apply(world.cluster)
    assert remedy.remains(world.cluster) == ""


def test_a_broker_does_not_go_while_its_replicas_are_being_copied(world: World) -> None:
    world.slowly = True
    OneMoreBroker(world.cluster).inject()
    world.partitions[0] = partition(0, 3, 1, 2)
    for _ in range(3):
        REMEDY.apply(world.cluster)
    assert world.steps == ["scale to 4", "reassign"], "what is under way is not asked for again"
    world.partitions[0] = partition(0, 0, 1, 2)
    REMEDY.apply(world.cluster)
    assert world.asked == 3


def test_a_topic_with_one_replica_gets_it_back_on_a_declared_broker(world: World) -> None:
    OneMoreBroker(world.cluster).inject()
    world.partitions = [partition(0, 3)]
    REMEDY.apply(world.cluster)
    assert world.partitions == [replace(partition(0, 3), replicas=(0,))]


def test_where_there_is_nothing_to_undo_nothing_changes(world: World) -> None:
    REMEDY.apply(world.cluster)
    assert (REMEDY.remains(world.cluster), world.steps) == ("", [])
    world.asked = None
    REMEDY.apply(world.cluster)
    assert (REMEDY.remains(world.cluster), world.steps) == ("", [])
