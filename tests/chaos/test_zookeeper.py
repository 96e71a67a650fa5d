"""ZooKeeper faults: the quorum is lost when those left say so, a session is over when the brokers say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from chaos.zookeeper import QuorumLoss, SessionExpiry
from harness.clients import zookeeper
from harness.cluster.pods import Identity
from harness.protocols import Admin
from harness.verdict import Inconclusive
from tests.chaos import test_network, test_pause
from tests.chaos.nodes import Nodes

NO_QUORUM = "This ZooKeeper instance is not currently serving requests\n"


class Ensemble:
    """Members that answer as real ones do; a paused one is silent, and without a majority none serves."""

    def __init__(self, world: Nodes, *, leader: str | None = "zookeeper-1") -> None:
        self._world, self.leader, self.stubborn = world, leader, False

    def ask(self, host: str, word: str) -> str | None:
        assert word == "srvr"
        pod = host.partition(".")[0]
        paused = {container.removesuffix("-c1") for what, container in self._world.effects if what == "paused"}
        if pod in paused:
            return None
        if len(paused) >= 2 and not self.stubborn:
            return NO_QUORUM
        return f"Zookeeper version: 3.8.4\nMode: {'leader' if pod == self.leader else 'follower'}\n"


def ensemble(world: Nodes, monkeypatch: pytest.MonkeyPatch, *, leader: str | None = "zookeeper-1") -> Ensemble:
    made = Ensemble(world, leader=leader)
    monkeypatch.setattr(zookeeper, "ask", made.ask)
    return made


def test_the_quorum_is_lost_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = test_pause.nodes()
    ensemble(world, monkeypatch)
    fault = QuorumLoss(world.cluster)
    assert fault.plan() == ("zookeeper-0", "zookeeper-2"), "the leader is left"
    assert fault.proof_of_injection() is None
    fault.inject()
    proof = fault.proof_of_injection()
    assert proof is not None
    assert proof["answers"] == {"zookeeper-1": NO_QUORUM}
    assert fault.proof_of_healing() is None
    fault.heal()
    assert fault.proof_of_healing() == {"paused": 0, "ready": ["zookeeper-0", "zookeeper-2"], "leader": "zookeeper-1"}


def test_a_loss_that_was_only_asked_for_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    world = test_pause.nodes(deaf=True)
    ensemble(world, monkeypatch)
    fault = QuorumLoss(world.cluster)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_leader_that_still_serves_has_its_quorum(monkeypatch: pytest.MonkeyPatch) -> None:
    world = test_pause.nodes()
    members = ensemble(world, monkeypatch)
    fault = QuorumLoss(world.cluster)
    fault.inject()
    members.stubborn = True
    assert fault.proof_of_injection() is None


def test_an_ensemble_without_a_leader_has_no_quorum_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    world = test_pause.nodes()
    ensemble(world, monkeypatch, leader=None)
    with pytest.raises(Inconclusive, match="expected one of three or more"):
        QuorumLoss(world.cluster)


class FakeAdmin:
    """Brokers as they count each other."""

    def __init__(self, *registered: int) -> None:
        self.registered: Sequence[int] = registered
        self.asked: list[str] = []

    def seen_by(self, address: str) -> FakeAdmin:
        self.asked.append(address)
        return self

    def brokers(self) -> tuple[int, ...]:
        return tuple(self.registered)


def expiry(
    kernel: test_network.Kernel, admin: FakeAdmin, *, deaf: bool = False
) -> tuple[SessionExpiry, dict[str, Any]]:
    """Return a session's end, and the identities of pods by name."""
    lives: dict[str, Any] = {"kafka-1": Identity(uid="u", restarts=0, started_at="1")}
    cluster = kernel.nodes(deaf=deaf).cluster
    object.__setattr__(cluster, "identity", lives.get)
    return SessionExpiry(cluster, "kafka-1", admin=cast(Admin, admin)), lives


def test_a_session_ends_and_is_begun_again() -> None:
    admin = FakeAdmin(0, 1, 2)
    fault, _ = expiry(test_network.Kernel(), admin)
    fault.inject()
    assert fault.proof_of_injection() is None, "the partition alone ends no session"
    admin.registered = (0, 2)
    proof = fault.proof_of_injection()
    asked = [address.partition(".")[0] for address in admin.asked]
    assert asked == ["kafka-0", "kafka-0"], "by a new client each time, as the victim believes in its session"
    assert proof is not None
    assert (proof["registered_brokers"], proof["same_process"]) == ([0, 2], True)
    fault.heal()
    assert fault.proof_of_healing() is None
    admin.registered = (0, 1, 2)
    healed = fault.proof_of_healing()
    assert healed is not None
    assert healed["registered_again"] == 1


def test_a_broker_that_is_not_counted_without_a_partition_proves_nothing() -> None:
    fault, _ = expiry(test_network.Kernel(), FakeAdmin(0, 2), deaf=True)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_broker_that_died_has_not_merely_lost_its_session() -> None:
    fault, lives = expiry(test_network.Kernel(), FakeAdmin(0, 2))
    fault.inject()
    lives["kafka-1"] = Identity(uid="u", restarts=1, started_at="2")
    assert fault.proof_of_injection() is None
