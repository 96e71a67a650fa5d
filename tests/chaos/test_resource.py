"""Resource faults: proven by the kernel's own counters and reasons, undone by what the cgroup held before."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.resource import EAT, SQUEEZE_MEMORY, WRITE, WRITE_BACK, CpuSqueeze, MemoryPressure
from harness.cluster.pods import Executed
from harness.remedies import remedy_of
from harness.verdict import Inconclusive, Unsupported
from tests.chaos.nodes import Nodes

V1 = {"cpu/cpu.cfs_quota_us": "50000", "memory/memory.limit_in_bytes": "1073741824"}
V2 = {"cpu.max": "50000 100000", "memory.max": "1073741824"}
either_version = pytest.mark.parametrize("declared", [V1, V2], ids=["cgroup v1", "cgroup v2"])


class Cgroups:
    """The cgroups of containers by their ids: what each file holds, and how often the kernel has throttled."""

    def __init__(self, declared: dict[str, str], *, deaf: bool = False) -> None:
        self.declared, self.throttled, self.busy, self.spares = declared, 3, True, False
        self.files: dict[str, dict[str, str]] = {}
        self.world = Nodes({WRITE: self.write, WRITE_BACK: self.write_back, SQUEEZE_MEMORY: self.squeeze}, deaf=deaf)
        for pod in self.world.pods.values():
            pod.status.container_statuses[0].restart_count = 0
            pod.status.container_statuses[0].last_state = None
        self.cluster = self.world.cluster
        object.__setattr__(self.cluster, "run", self._run_in_containers())

    def of(self, container: str) -> dict[str, str]:
        return self.files.setdefault(container, dict(self.declared))

    def write(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        container, file, _declared, wanted = arguments
        self.of(container)[file] = wanted
        return ""

    def write_back(self, _: Nodes, node: str, arguments: tuple[str, ...]) -> str:
        assert node
        container, file, declared = arguments[:3]
        self.of(container)[file] = declared
        return ""

    def squeeze(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        self.of(arguments[0])[arguments[1]] = "400000000"
        return ""

    def _run_in_containers(self) -> Any:
        def run(pod: str, command: Sequence[str]) -> Executed:
            if command[0] == "bash" and command[2] == EAT:
                self._eat(pod)
                return Executed(command=tuple(command), returncode=137, stdout="", stderr="")
            assert command[0] == "cat"
            text = self._cat(f"{pod}-c1", command[1].removeprefix("/sys/fs/cgroup/"))
            return Executed(command=tuple(command), returncode=int(not text), stdout=text, stderr="no such file")

        return run

    def _cat(self, container: str, file: str) -> str:
        own = self.of(container)
        if file.endswith("cpu.stat") and ("/" in file) == ("cpu/cpu.cfs_quota_us" in own):
            is_squeezed = self.busy and own != self.declared
            self.throttled += 5 if is_squeezed else 0
            return f"nr_periods 900\nnr_throttled {self.throttled}\nthrottled_time 77\n"
        return own.get(file, "") and f"{own[file]}\n"

    def _eat(self, pod: str) -> None:
        if self.of(f"{pod}-c1") == self.declared or self.spares:
            return
        self.end(pod, reason="OOMKilled")

    def end(self, pod: str, *, reason: str) -> None:
        """Let a container end for a reason, and start another one with what it declares."""
        status = self.world.pods[pod].status.container_statuses[0]
        status.restart_count += 1
        status.last_state = SimpleNamespace(terminated=SimpleNamespace(reason=reason, exit_code=137))
        status.container_id = f"containerd://{pod}-c2"


@either_version
def test_a_squeeze_is_proven_and_then_proven_undone(declared: dict[str, str]) -> None:
    cgroups = Cgroups(declared)
    fault = CpuSqueeze(cgroups.cluster, ("kafka-0", "kafka-1"), millicores=100)
    assert fault.proof_of_injection() is None
    fault.inject()
    (file, quota) = next(iter(declared.items()))
    now = quota.replace("50000", "10000")
    assert cgroups.of("kafka-0-c1")[file] == now
    proof = fault.proof_of_injection()
    assert proof is not None
    assert proof["kafka-0"] == {file: now, "declared": quota, "throttled_periods": 5}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"limits": {"kafka-0": quota, "kafka-1": quota}}
    assert cgroups.world.namespaces.agents == {}


@either_version
def test_a_squeeze_that_was_only_asked_for_is_not_proven(declared: dict[str, str]) -> None:
    cgroups = Cgroups(declared, deaf=True)
    fault = CpuSqueeze(cgroups.cluster, ("kafka-0",), millicores=100)
    fault.inject()
    cgroups.throttled += 9
    assert fault.proof_of_injection() is None


def test_a_quota_that_never_throttles_proves_nothing() -> None:
    cgroups = Cgroups(V1)
    cgroups.busy = False
    fault = CpuSqueeze(cgroups.cluster, ("kafka-0",), millicores=100)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_squeeze_to_what_is_declared_is_none() -> None:
    with pytest.raises(Inconclusive, match="squeeze nothing"):
        CpuSqueeze(Cgroups(V1).cluster, ("kafka-0",), millicores=500)


def test_a_quota_that_the_kernel_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="got millicores=5, expected 10 or more"):
        CpuSqueeze(Cgroups(V1).cluster, ("kafka-0",), millicores=5)


def test_a_container_that_shows_no_cgroup_is_unsupported() -> None:
    with pytest.raises(Unsupported, match=r"shows none of cpu\.max, cpu/cpu\.cfs_quota_us"):
        CpuSqueeze(Cgroups({}).cluster, ("kafka-0",), millicores=100)


@either_version
def test_another_machine_heals_from_what_is_journalled(declared: dict[str, str]) -> None:
    cgroups = Cgroups(declared)
    fault = CpuSqueeze(cgroups.cluster, ("kafka-0",), millicores=100)
    journalled = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    cgroups.world.pending.clear()
    cgroups.world.namespaces.agents.clear()
    remedies = [remedy_of(line) for line in journalled]
    assert "of kafka-0 is 10000" in remedies[0].remains(cgroups.cluster)
    for remedy in remedies:
        remedy.apply(cgroups.cluster)
    assert not any(remedy.remains(cgroups.cluster) for remedy in remedies)
    assert cgroups.of("kafka-0-c1") == declared


@either_version
def test_a_container_without_memory_is_killed_and_comes_back(declared: dict[str, str]) -> None:
    cgroups = Cgroups(declared)
    fault = MemoryPressure(cgroups.cluster, ("kafka-1",))
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {"kafka-1": {"reason": "OOMKilled", "exit_code": 137, "restarts": 1}}
    fault.heal()
    assert fault.proof_of_healing() == {"limits": {"kafka-1": "1073741824"}}


def test_pressure_that_was_only_asked_for_is_not_proven() -> None:
    fault = MemoryPressure(Cgroups(V1, deaf=True).cluster, ("kafka-1",))
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_container_that_bears_it_is_not_proven_to_have_been_killed_and_gets_its_limit_back() -> None:
    cgroups = Cgroups(V1)
    cgroups.spares = True
    fault = MemoryPressure(cgroups.cluster, ("kafka-1",))
    fault.inject()
    assert fault.proof_of_injection() is None
    assert fault.proof_of_healing() is None
    fault.heal()
    assert cgroups.of("kafka-1-c1") == V1
    assert fault.proof_of_healing()


def test_a_container_that_ended_for_another_reason_was_not_short_of_memory() -> None:
    cgroups = Cgroups(V1)
    cgroups.spares = True
    fault = MemoryPressure(cgroups.cluster, ("kafka-1",))
    fault.inject()
    cgroups.end("kafka-1", reason="Error")
    assert fault.proof_of_injection() is None
