"""Network faults: proven by rules that dropped packets and connections without an answer, undone to the last rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chaos import network
from chaos.naming import LOOK_UP, NamesUnanswered
from chaos.network import CONNECT, GATEWAYS, ClientsCutOff, Loss, Partition, Way, bridge, isolated, ring
from chaos.rules import ADD_RULES, LIST_RULES, REMOVE_RULES, Counter, Rule, RuleFault
from harness.remedies import remedy_of
from harness.verdict import Inconclusive, Unsupported
from tests.chaos.nodes import Nodes


@dataclass
class Kernel:
    """The rules in the networks of pods, by the pod's UID; `idle` ones drop nothing, `leaky` ones not all."""

    idle: bool = False
    leaky: bool = False
    refusing: bool = False
    rules: dict[str, list[str]] = field(default_factory=dict)

    def nodes(self, *, deaf: bool = False) -> Nodes:
        scripts = {ADD_RULES: self.add, REMOVE_RULES: self.remove, LIST_RULES: self.list}
        looks = {CONNECT: self.connect, LOOK_UP: self.look_up, GATEWAYS: lambda *_: "10.0.0.254\n"}
        return Nodes({**scripts, **looks}, deaf=deaf)

    def add(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        uid, comment, rules = arguments
        assert all(f"--comment {comment} -j " in rule for rule in rules.splitlines())
        self.rules.setdefault(uid, [])[:0] = reversed(rules.splitlines())
        return ""

    def remove(self, _: Nodes, node: str, arguments: tuple[str, ...]) -> str:
        assert node
        uid, comment = arguments[:2]
        self.rules[uid] = [rule for rule in self.rules.get(uid, []) if f"--comment {comment} " not in rule]
        return ""

    def list(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        uid, comment = arguments
        mine = [rule for rule in self.rules.get(uid, []) if f"--comment {comment} " in rule]
        packets = [
            0 if self.idle or (self.leaky and (number or uid != "kafka-0-uid-1")) else 7 for number in range(len(mine))
        ]
        return "".join(f"[{n}:420] {rule.replace('-I', '-A', 1)}\n" for n, rule in zip(packets, mine, strict=True))

    def connect(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        uid, *peers = arguments
        return "".join(f"{peer} {self._end(uid, peer.partition(':')[0])}\n" for peer in peers)

    def look_up(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        uid, name = arguments
        assert name == "kafka-0.kafka.greenfield.svc.cluster.local."
        if self.refusing:
            return "refused\n"
        is_dropped = any("-I INPUT -p udp --sport 53 " in rule for rule in self.rules.get(uid, []))
        return "silent\n" if is_dropped else "found\n"

    def _end(self, uid: str, address: str) -> str:
        if self.refusing:
            return "refused"
        return "silent" if any(f"{address}/32" in rule for rule in self.rules.get(uid, [])) else "connected"


Make = Callable[[Nodes], RuleFault]
PARTITIONS: dict[str, Make] = {
    "one broker": lambda world: Partition(world.cluster, isolated(world.cluster, "kafka-1")),
    "ring, one way": lambda world: Partition(world.cluster, ring(world.cluster), way=Way.INTO),
    "bridge, other way": lambda world: Partition(world.cluster, bridge(world.cluster, over="kafka-1"), way=Way.OUT_OF),
}
FAULTS: dict[str, Make] = {
    **PARTITIONS,
    "loss": lambda world: Loss(world.cluster, {"kafka-0": ["kafka-1"]}, probability=0.3),
    "clients": lambda world: ClientsCutOff(world.cluster, "kafka-2"),
    "names": lambda world: NamesUnanswered(world.cluster, "kafka-2"),
}
every_fault = pytest.mark.parametrize("make", FAULTS.values(), ids=list(FAULTS))
every_partition = pytest.mark.parametrize("make", PARTITIONS.values(), ids=list(PARTITIONS))


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """Return a kernel whose rules also meet a client that connects from here to the broker kafka-2."""
    made = Kernel()
    monkeypatch.setattr(network, "_answers", lambda _: not made.rules.get("kafka-2-uid-1"))
    return made


@every_fault
def test_a_fault_is_proven_and_then_proven_undone(make: Make, kernel: Kernel) -> None:
    world = kernel.nodes()
    fault = make(world)
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection()
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert not any(kernel.rules.values())
    assert fault.proof_of_healing()
    assert world.namespaces.agents == {}


@every_fault
def test_a_fault_that_was_only_asked_for_is_not_proven(make: Make, kernel: Kernel) -> None:
    fault = make(kernel.nodes(deaf=True))
    fault.inject()
    assert fault.proof_of_injection() is None


@every_fault
def test_rules_that_drop_nothing_prove_nothing(make: Make, kernel: Kernel) -> None:
    fault = make(kernel.nodes())
    fault.inject()
    kernel.idle = True
    assert fault.proof_of_injection() is None


def test_every_peer_must_have_met_a_rule(kernel: Kernel) -> None:
    fault = FAULTS["one broker"](kernel.nodes())
    fault.inject()
    kernel.leaky = True
    assert fault.proof_of_injection() is None


def test_a_rule_that_somebody_took_out_proves_nothing(kernel: Kernel) -> None:
    fault = FAULTS["one broker"](kernel.nodes())
    fault.inject()
    del kernel.rules["kafka-1-uid-1"][0]
    assert fault.proof_of_injection() is None


@every_partition
def test_a_connection_that_is_refused_was_answered(make: Make, kernel: Kernel) -> None:
    fault = make(kernel.nodes())
    fault.inject()
    kernel.refusing = True
    assert fault.proof_of_injection() is None


def test_a_name_server_that_says_no_was_heard(kernel: Kernel) -> None:
    fault = FAULTS["names"](kernel.nodes())
    fault.inject()
    kernel.refusing = True
    assert fault.proof_of_injection() is None


@every_fault
def test_another_machine_heals_from_what_is_journalled(make: Make, kernel: Kernel) -> None:
    world = kernel.nodes()
    fault = make(world)
    journalled = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    world.pending.clear()
    world.namespaces.agents.clear()
    remedies = [remedy_of(line) for line in journalled]
    assert "rules called harness-fault-" in remedies[0].remains(world.cluster)
    for remedy in remedies:
        remedy.apply(world.cluster)
    assert not any(remedy.remains(world.cluster) for remedy in remedies)
    assert not any(kernel.rules.values())
    assert world.namespaces.agents == {}


@every_fault
def test_healing_is_not_proven_while_a_target_is_not_ready(make: Make, kernel: Kernel) -> None:
    world = kernel.nodes()
    fault = make(world)
    fault.inject()
    fault.heal()
    world.unready.update(world.pods)
    assert fault.proof_of_healing() is None


def test_one_fault_leaves_the_rules_of_another_alone(kernel: Kernel) -> None:
    world = kernel.nodes()
    one, other = (Partition(world.cluster, {"kafka-0": [peer]}) for peer in ("kafka-1", "kafka-2"))
    one.inject()
    other.inject()
    one.heal()
    assert other.proof_of_injection()
    assert len(kernel.rules["kafka-0-uid-1"]) == 2


def test_a_pod_that_is_gone_took_its_rules_with_it(kernel: Kernel) -> None:
    world = kernel.nodes()
    fault = Partition(world.cluster, {"kafka-0": ["kafka-1"]})
    fault.inject()
    world.start("kafka-0", 0, life=2)
    assert fault.remedies()[0].remains(world.cluster) == ""


def test_the_plan_names_every_link_that_is_cut(kernel: Kernel) -> None:
    cluster = kernel.nodes().cluster
    assert Partition(cluster, ring(cluster), way=Way.INTO).plan() == (
        "kafka-0 | kafka-1",
        "kafka-1 | kafka-2",
        "kafka-2 | kafka-0",
    )
    assert Partition(cluster, bridge(cluster, over="kafka-1")).plan() == ("kafka-0 | kafka-2",)
    assert Partition(cluster, network.without_zookeeper(cluster, "kafka-0")).plan() == (
        "kafka-0 | zookeeper-0",
        "kafka-0 | zookeeper-1",
        "kafka-0 | zookeeper-2",
    )


def test_a_way_decides_which_packets_are_dropped(kernel: Kernel) -> None:
    world = kernel.nodes()
    Partition(world.cluster, {"kafka-0": ["kafka-1"]}, way=Way.INTO).inject()
    (rule,) = kernel.rules["kafka-0-uid-1"]
    assert rule.startswith("-I INPUT -s 10.0.1.1/32 ")


def test_clients_are_cut_off_and_nobody_else(kernel: Kernel) -> None:
    world = kernel.nodes()
    ClientsCutOff(world.cluster, "kafka-2").inject()
    *passing, last = kernel.rules["kafka-2-uid-1"]
    assert " -p tcp --dport 9092 " in last
    assert last.endswith("-j DROP")
    passed = {rule.split()[3] for rule in passing}
    assert passed == {f"{a}/32" for a in ("127.0.0.1", "10.9.0.2", "10.0.1.0", "10.0.1.1", "10.0.1.2", "10.0.0.254")}


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, 30])
def test_loss_is_a_probability(kernel: Kernel, probability: float) -> None:
    with pytest.raises(ValueError, match="expected more than 0 and less than 1"):
        Loss(kernel.nodes().cluster, {"kafka-0": ["kafka-1"]}, probability=probability)


@pytest.mark.parametrize("links", [{}, {"kafka-0": []}])
def test_a_partition_without_links_is_refused(kernel: Kernel, links: dict[str, list[str]]) -> None:
    with pytest.raises(Inconclusive, match="no link for the partition"):
        Partition(kernel.nodes().cluster, links)


def test_addresses_that_the_rules_are_not_for_are_unsupported(kernel: Kernel) -> None:
    world = kernel.nodes()
    world.pods["kafka-1"].status.pod_ip = "fd00::1"
    with pytest.raises(Unsupported, match="IPv4"):
        Partition(world.cluster, {"kafka-0": ["kafka-1"]})


def test_a_rule_is_written_and_its_counter_read_as_the_kernel_has_it() -> None:
    rule = Rule(chain="OUTPUT", peer="10.244.2.4", probability=0.5).arguments("harness-fault-1a")
    assert rule == (
        "-I OUTPUT -d 10.244.2.4/32 -m statistic --mode random --probability 0.5 "
        "-m comment --comment harness-fault-1a -j DROP"
    )
    recorded = "[12:720] -A INPUT -s 10.244.2.4/32 -m comment --comment harness-fault-1a -j DROP"
    assert Counter.read(recorded) == Counter(chain="INPUT", peer="10.244.2.4", action="DROP", packets=12)


@every_partition
def test_a_partition_is_not_healed_while_something_old_is_under_way(make: Make, kernel: Kernel) -> None:
    world = kernel.nodes()
    fault = make(world)
    fault.inject()
    fault.heal()
    first, last = fault.plan()[0].split(" | ")
    world.connected[first] = [(written(world, last), "04")]
    assert fault.proof_of_healing() is None
    world.connected.clear()
    assert fault.proof_of_healing()


def written(world: Nodes, pod: str) -> str:
    """Return a pod's address as the kernel writes it in its tables."""
    return "".join(f"{int(byte):02X}" for byte in reversed(world.pods[pod].status.pod_ip.split(".")))
