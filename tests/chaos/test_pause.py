"""Pause: proven by a stopped process whose CPU time stands still, undone by letting it go on."""

from __future__ import annotations

import pytest

from chaos.pause import GO_ON, LOOK, STOP, Pause
from harness.remedies import remedy_of
from harness.verdict import Inconclusive
from tests.chaos.nodes import Nodes


def nodes(*, deaf: bool = False, cpu_goes_on: bool = False) -> Nodes:
    """Return nodes that stop and resume containers; with `cpu_goes_on` the CPU time of a stopped one grows."""

    def stop(world: Nodes, _: str, arguments: tuple[str, ...]) -> str:
        world.effects.add(("paused", arguments[0]))
        return ""

    def go_on(world: Nodes, _: str, arguments: tuple[str, ...]) -> str:
        world.effects.discard(("paused", arguments[0]))
        return ""

    def look(world: Nodes, _: str, arguments: tuple[str, ...]) -> str:
        is_paused = ("paused", arguments[0]) in world.effects
        return f"T 500 T {501 if cpu_goes_on else 500}\n" if is_paused else "S 500 S 512\n"

    return Nodes({STOP: stop, GO_ON: go_on, LOOK: look}, deaf=deaf)


def test_a_pause_is_proven_and_then_proven_undone() -> None:
    world = nodes()
    fault = Pause(world.cluster, ["kafka-1", "zookeeper-0"])
    assert fault.proof_of_injection() is None
    assert world.namespaces.agents == {}, "looking at a fault that was not injected makes no agent"
    fault.inject()
    assert fault.proof_of_injection() == {
        pod: {"state": "T", "cpu_ticks": 500, "cpu_ticks_a_second_later": 500} for pod in ("kafka-1", "zookeeper-0")
    }
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"paused": 0, "ready": ["kafka-1", "zookeeper-0"]}
    assert world.namespaces.agents == {}


def test_a_pause_that_was_only_asked_for_is_not_proven() -> None:
    fault = Pause(nodes(deaf=True).cluster, ["kafka-1"])
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_process_that_still_computes_is_not_paused() -> None:
    fault = Pause(nodes(cpu_goes_on=True).cluster, ["kafka-1"])
    fault.inject()
    assert fault.proof_of_injection() is None


def test_one_of_two_is_no_pause_of_both() -> None:
    world = nodes()
    fault = Pause(world.cluster, ["kafka-0", "kafka-1"])
    fault.inject()
    world.effects.discard(("paused", "kafka-0-c1"))
    assert fault.proof_of_injection() is None


def test_another_machine_heals_from_what_is_journalled() -> None:
    world = nodes()
    fault = Pause(world.cluster, ["kafka-1"])
    journalled = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    world.namespaces.agents.clear()
    remedies = [remedy_of(line) for line in journalled]
    assert remedies[0].remains(world.cluster) == "kafka-1 is paused"
    for remedy in remedies:
        remedy.apply(world.cluster)
    assert [remedy.remains(world.cluster) for remedy in remedies] == ["", ""]
    assert (world.effects, world.namespaces.agents) == (set(), {})


def test_removing_the_agent_alone_heals() -> None:
    world = nodes()
    fault = Pause(world.cluster, ["kafka-1"])
    fault.inject()
    fault.remedies()[-1].apply(world.cluster)
    assert fault.proof_of_healing()


def test_a_container_that_is_gone_needs_no_healing() -> None:
    world = nodes()
    fault = Pause(world.cluster, ["kafka-1"])
    fault.inject()
    world.start("kafka-1", 1, life=2)
    fault.heal()
    assert [ran for ran in world.ran if ran[1] == GO_ON] == []
    assert fault.proof_of_healing()


def test_healing_is_not_proven_while_a_target_is_not_ready() -> None:
    world = nodes()
    fault = Pause(world.cluster, ["kafka-1"])
    fault.inject()
    fault.heal()
    world.unready.add("kafka-1")
    assert fault.proof_of_healing() is None


def test_a_pause_of_nobody_is_refused() -> None:
    with pytest.raises(Inconclusive, match="no pod for the pause"):
        Pause(nodes().cluster, [])
