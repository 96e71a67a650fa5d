"""A volume of another cluster: proven by starts in vain with the right error, undone when the broker has its own id."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import disk
from chaos.identity import READ_HERE, READ_ID, RESTORE_ID, WRITE_ID, WRITE_ID_AND_END, WRONG_ID, WrongClusterId
from chaos.vain import BACK_OFF
from harness.cluster.objects import Volume
from harness.cluster.pods import Executed, Identity
from harness.remedies import remedy_of
from harness.verdict import Inconclusive
from tests.chaos.nodes import Nodes

OWN = "own-id"
REFUSES, REFUSED = WrongClusterId.errors


class Broker:
    """The broker kafka-2 with its volume; with another cluster's id it ends at each start."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.cluster_id, self.restarts, self.life, self.log = (
            OWN,
            0,
            1,
            f"RuntimeException: {REFUSES}: /data/log/meta.properties",
        )
        self.deleted: list[str] = []
        self.has_refused = False
        """Whether a start has ended; before that, the last container that has is the one that was killed."""
        self.nodes = Nodes(
            {
                WRITE_ID_AND_END: self.write_and_end,
                WRITE_ID: self.write,
                RESTORE_ID: lambda nodes, node, given: self.write(nodes, node, (given[0], given[3])),
                READ_ID: lambda *_: f"cluster.id={self.cluster_id}\n",
            },
            deaf=deaf,
        )
        self.cluster = self.nodes.cluster
        fakes = {"identity": self.identity, "logs": self.logs, "delete_pod": self.delete, "run": self.run}
        self._by_agent = self.cluster.run
        for name, fake in fakes.items():
            object.__setattr__(self.cluster, name, fake)

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float = 30) -> Executed:
        assert (pod, list(command)) == ("kafka-2", ["bash", "-c", READ_HERE])
        assert timeout_s > 0
        return Executed(command=(), returncode=0, stdout=f"cluster.id={self.cluster_id}\n", stderr="")

    def write(self, _: Nodes, node: str, arguments: tuple[str, ...]) -> str:
        assert node == "node-3"
        volume, self.cluster_id = arguments
        assert volume == "pv"
        return "\n"

    def write_and_end(self, nodes: Nodes, node: str, arguments: tuple[str, ...]) -> str:
        assert arguments[2:] == ("kafka-2-c1", OWN)
        self.restarts += 1
        self.nodes.unready.add("kafka-2")
        return self.write(nodes, node, arguments[:2])

    def identity(self, _: str) -> Identity:
        return Identity(uid=f"u{self.life}", restarts=self.restarts, started_at="")

    def logs(self, _: str, *, previous: bool) -> str:
        assert previous
        return self.log if self.has_refused else "INFO [KafkaServer id=2] started"

    def delete(self, pod: str, *, grace_s: int | None) -> None:
        assert grace_s == 0
        self.deleted.append(pod)
        self.life, self.restarts = self.life + 1, 0
        self.nodes.start(pod, 2, life=self.life)
        self.nodes.unready.discard(pod)


@pytest.fixture(autouse=True)
def volume(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pod have a persistent volume."""
    monkeypatch.setattr(disk, "volume_at", lambda *_: Volume(name="pv", requested_bytes=1, capacity_bytes=1))


def struck(broker: Broker) -> WrongClusterId:
    fault = WrongClusterId(broker.cluster, "kafka-2")
    fault.inject()
    broker.has_refused = True
    return fault


def test_a_broker_that_refuses_to_start_is_proof_and_has_its_own_id_again_afterwards() -> None:
    broker = Broker()
    fault = WrongClusterId(broker.cluster, "kafka-2")
    fault.inject()
    assert broker.cluster_id == WRONG_ID
    assert fault.proof_of_injection() is None, "the start may still succeed"
    broker.has_refused = True
    assert fault.proof_of_injection() == {"pod": "kafka-2", "starts_in_vain": 1, "error": REFUSES}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"ready": ["kafka-2"]}
    assert broker.deleted == ["kafka-2"]
    assert broker.nodes.namespaces.agents == {}


def test_an_older_broker_words_it_differently() -> None:
    broker = Broker()
    broker.log = f"kafka.common.{REFUSED}: not mine"
    proof = struck(broker).proof_of_injection()
    assert proof is not None
    assert proof["error"] == REFUSED


def test_a_broker_that_only_was_asked_or_ends_for_another_reason_proves_nothing() -> None:
    deaf = Broker(deaf=True)
    asked = WrongClusterId(deaf.cluster, "kafka-2")
    asked.inject()
    assert asked.proof_of_injection() is None
    other = Broker()
    other.log = "java.lang.OutOfMemoryError"
    assert struck(other).proof_of_injection() is None


def test_another_pod_proves_nothing() -> None:
    broker = Broker()
    fault = struck(broker)
    broker.life += 1
    assert fault.proof_of_injection() is None


def test_another_machine_heals_from_what_is_journalled() -> None:
    broker = Broker()
    fault = WrongClusterId(broker.cluster, "kafka-2")
    remedies = [remedy_of(remedy.as_json()) for remedy in fault.remedies()]
    fault.inject()
    broker.nodes.pending.clear()
    broker.nodes.namespaces.agents.clear()
    assert remedies[0].remains(broker.cluster) == f"the volume of kafka-2 belongs to cluster {WRONG_ID}"
    for remedy in remedies:
        remedy.apply(broker.cluster)
    assert not any(remedy.remains(broker.cluster) for remedy in remedies)
    assert broker.cluster_id == OWN


def test_the_deadline_gives_it_its_id_back_and_who_heals_ends_the_back_off() -> None:
    broker = Broker()
    fault = struck(broker)
    for undo in broker.nodes.pending.popitem()[1]:
        undo()
    assert broker.cluster_id == OWN
    waiting = SimpleNamespace(waiting=SimpleNamespace(reason=BACK_OFF), running=None)
    broker.nodes.pods["kafka-2"].status.container_statuses[0].state = waiting
    fault.heal()
    assert broker.deleted == ["kafka-2"]


def test_a_volume_that_says_nothing_is_not_clean_and_is_not_struck() -> None:
    broker = Broker()
    fault = struck(broker)
    broker.nodes.scripts[READ_ID] = lambda *_: "version=0\n"
    with pytest.raises(Inconclusive, match="does not say to which cluster"):
        fault.remedies()[0].remains(broker.cluster)
    silent: Any = Broker()
    silent.cluster_id = ""
    with pytest.raises(Inconclusive, match="does not say to which cluster"):
        WrongClusterId(silent.cluster, "kafka-2")
