"""Shaped traffic: proven by the kernel's own counters of the queue, unsupported where the kernel has no such queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chaos.agent import LACKS_A_TOOL
from chaos.shaping import HANDLE, PUT_QUEUE, SHOW_QUEUE, TAKE_QUEUE, Bandwidth, Disturbance, Shaped
from harness.cluster.pods import Executed
from harness.remedies import remedy_of
from harness.verdict import Inconclusive, Unsupported
from tests.chaos.nodes import Nodes


@dataclass
class Links:
    """The queues on the links of pods, by the pod's UID; `idle` ones have met no packet."""

    idle: bool = False
    has_netem: bool = True
    queues: dict[str, str] = field(default_factory=dict)

    def nodes(self, *, deaf: bool = False) -> Nodes:
        return Nodes({PUT_QUEUE: self.put, TAKE_QUEUE: self.take, SHOW_QUEUE: self.show}, deaf=deaf)

    def put(self, _: Nodes, node: str, arguments: tuple[str, ...]) -> str | Executed:
        assert node
        uid, handle, queue = arguments
        assert handle == HANDLE
        if queue.startswith("netem") and not self.has_netem:
            said = "Error: Specified qdisc kind is unknown.\ncommand terminated with exit code 97\n"  # as recorded
            return Executed(command=(), returncode=LACKS_A_TOOL, stdout="", stderr=said)
        self.queues[uid] = queue
        return ""

    def take(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        self.queues.pop(arguments[0], None)
        return ""

    def show(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        if arguments[0] not in self.queues:
            return ""
        sent, held = (0, 0) if self.idle else (4242, 12)
        kind, *words = self.queues[arguments[0]].split()
        return (
            f"qdisc {kind} {HANDLE} root refcnt 3 {' '.join(words)} \n"
            f" Sent {sent} bytes 7 pkt (dropped 0, overlimits {held} requeues 0) \n backlog 0b 0p requeues 0\n"
        )


FAULTS: dict[str, Callable[[Nodes], Shaped]] = {
    "bandwidth": lambda world: Bandwidth(world.cluster, ["kafka-0", "kafka-1"], kbit_per_s=1000),
    "latency": lambda world: Disturbance(world.cluster, ["kafka-0", "kafka-1"], latency_ms=100, jitter_ms=20),
}
every_fault = pytest.mark.parametrize("make", FAULTS.values(), ids=list(FAULTS))


@every_fault
def test_a_queue_is_proven_and_then_proven_gone(make: Callable[[Nodes], Shaped]) -> None:
    links = Links()
    world = links.nodes()
    fault = make(world)
    assert fault.proof_of_injection() is None
    fault.inject()
    proof = fault.proof_of_injection()
    assert proof is not None
    assert set(proof) == {"kafka-0", "kafka-1"}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"queues": 0, "ready": ["kafka-0", "kafka-1"]}
    assert (links.queues, world.namespaces.agents) == ({}, {})


@every_fault
def test_a_queue_that_was_only_asked_for_is_not_proven(make: Callable[[Nodes], Shaped]) -> None:
    fault = make(Links().nodes(deaf=True))
    fault.inject()
    assert fault.proof_of_injection() is None


@every_fault
def test_a_queue_that_met_no_packet_proves_nothing(make: Callable[[Nodes], Shaped]) -> None:
    fault = make(Links(idle=True).nodes())
    fault.inject()
    assert fault.proof_of_injection() is None


@every_fault
def test_another_machine_heals_from_what_is_journalled(make: Callable[[Nodes], Shaped]) -> None:
    links = Links()
    world = links.nodes()
    fault = make(world)
    journalled = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    world.pending.clear()
    world.namespaces.agents.clear()
    remedies = [remedy_of(line) for line in journalled]
    assert remedies[0].remains(world.cluster).startswith("kafka-0 sends through the queue: qdisc ")
    for remedy in remedies:
        remedy.apply(world.cluster)
    assert not any(remedy.remains(world.cluster) for remedy in remedies)
    assert links.queues == {}


def test_a_kernel_without_netem_makes_the_fault_unsupported() -> None:
    fault = FAULTS["latency"](Links(has_netem=False).nodes())
    with pytest.raises(Unsupported, match=r"cannot do that: Error: Specified qdisc kind is unknown\.$"):
        fault.inject()
    fault.heal()
    assert fault.proof_of_healing()


def test_what_is_asked_of_the_kernel_is_what_was_asked_for() -> None:
    links = Links()
    world = links.nodes()
    Disturbance(
        world.cluster,
        ["kafka-0"],
        latency_ms=50,
        jitter_ms=10,
        reordered_percent=25,
        duplicated_percent=1,
        corrupted_percent=0.5,
    ).inject()
    Bandwidth(world.cluster, ["kafka-1"], kbit_per_s=512).inject()
    assert links.queues == {
        "kafka-0-uid-1": "netem delay 50ms 10ms reorder 25% duplicate 1% corrupt 0.5%",
        "kafka-1-uid-1": "tbf rate 512kbit burst 32kb latency 400ms",
    }


def test_a_disturbance_of_nothing_is_refused() -> None:
    with pytest.raises(Inconclusive, match="nothing of the traffic"):
        Disturbance(Links().nodes().cluster, ["kafka-0"])


def test_another_order_needs_packets_that_are_late() -> None:
    with pytest.raises(ValueError, match="without latency_ms"):
        Disturbance(Links().nodes().cluster, ["kafka-0"], reordered_percent=25)


def test_a_bandwidth_is_positive() -> None:
    with pytest.raises(ValueError, match="got kbit_per_s=0"):
        Bandwidth(Links().nodes().cluster, ["kafka-0"], kbit_per_s=0)
