"""Storage faults: a volume is lost when its files were there, are gone, and the broker had to start without them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chaos import disk
from chaos.pause import GO_ON, LOOK, STOP
from chaos.storage import LET_GO_ON, LOSE, VolumeLost
from chaos.vain import BACK_OFF
from harness.cluster.objects import Volume
from harness.cluster.pods import Identity
from tests.chaos.nodes import Nodes


@pytest.fixture(autouse=True)
def volume(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pod have a persistent volume."""
    monkeypatch.setattr(disk, "volume_at", lambda *_: Volume(name="pv", requested_bytes=1, capacity_bytes=1))


def lost(wrote: str, *, deaf: bool = False, restarts: int = 1, started_at: str = "2") -> tuple[VolumeLost, Nodes]:
    """Return the fault, on a node where it writes this and the container starts so many times again."""
    lives: dict[str, Any] = {"kafka-2": Identity(uid="u", restarts=0, started_at="1")}

    def lose(world: Nodes, _: str, arguments: tuple[str, ...]) -> str:
        assert arguments == ("pv", "kafka-2-c1")
        lives["kafka-2"] = Identity(uid="u", restarts=restarts, started_at=started_at)
        world.start("kafka-2", 2, life=2)
        return wrote

    world = Nodes(
        {LOSE: lose, LET_GO_ON: lambda *_: "", GO_ON: lambda *_: "", STOP: lambda *_: "", LOOK: lambda *_: ""}
    )
    world.deaf = deaf
    cluster = world.cluster
    object.__setattr__(cluster, "identity", lives.get)
    return VolumeLost(cluster, "kafka-2"), world


def test_a_lost_volume_is_proven_and_its_broker_comes_back() -> None:
    fault, world = lost("120 0\n")
    assert fault.proof_of_injection() is None
    fault.inject()
    proof = fault.proof_of_injection()
    assert proof is not None
    assert (proof["files_before"], proof["files_after"]) == (120, 0)
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"ready": ["kafka-2"]}
    assert world.namespaces.agents == {}


def test_a_loss_that_was_only_asked_for_is_not_proven() -> None:
    fault, _ = lost("120 0\n", deaf=True)
    fault.inject()
    assert fault.proof_of_injection() is None


@pytest.mark.parametrize("wrote", ["120 3\n", "0 0\n", ""])
def test_files_that_are_left_or_were_never_there_are_no_loss(wrote: str) -> None:
    fault, _ = lost(wrote)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_broker_that_did_not_start_again_still_has_its_files_open() -> None:
    fault, _ = lost("120 0\n", restarts=0)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_broker_that_is_kept_from_starting_has_ended_and_is_made_anew() -> None:
    fault, world = lost("120 0\n", restarts=0, started_at="")
    deleted: list[tuple[str, int]] = []

    def delete(pod: str, *, grace_s: int) -> None:
        deleted.append((pod, grace_s))
        world.start(pod, 2, life=3)

    object.__setattr__(fault._cluster, "delete_pod", delete)
    fault.inject()
    assert fault.proof_of_injection() is not None
    world.pods["kafka-2"].status.container_statuses[0].state.waiting = SimpleNamespace(reason=BACK_OFF)
    waiting = fault.remedies()[1]
    assert waiting.remains(fault._cluster) == "kafka-2 is kept from starting"
    fault.heal()
    assert deleted == [("kafka-2", 0)]
    assert fault.proof_of_healing() == {"ready": ["kafka-2"]}


def test_a_broker_that_is_not_ready_is_not_healed() -> None:
    fault, world = lost("120 0\n")
    fault.inject()
    fault.heal()
    world.unready.add("kafka-2")
    assert fault.proof_of_healing() is None
