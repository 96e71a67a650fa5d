"""A read-only volume: proven by starts in vain with the kernel's error, undone when the mount may be written to."""

from __future__ import annotations

import pytest

from chaos import disk
from chaos.readonly import ALLOW, FORBID, OPTIONS, ReadOnlyVolume
from harness.cluster.objects import Volume
from harness.cluster.pods import Executed, Identity
from harness.remedies import remedy_of
from harness.verdict import Unsupported
from tests.chaos.nodes import Nodes


class Broker:
    """The broker kafka-2 with its volume, which ends at each start on a mount that it may not write to."""

    def __init__(self, *, deaf: bool = False, is_mounted: bool = True) -> None:
        self.options, self.restarts, self.log = "rw,relatime", 0, f"java.io.IOException: {ReadOnlyVolume.errors[0]}"
        self.is_mounted = is_mounted
        self.deleted: list[str] = []
        self.nodes = Nodes({FORBID: self.forbid, ALLOW: self.allow, OPTIONS: self.look}, deaf=deaf)
        self.cluster = self.nodes.cluster
        object.__setattr__(self.cluster, "identity", lambda _: Identity(uid="u", restarts=self.restarts, started_at=""))
        object.__setattr__(self.cluster, "logs", lambda *_, previous: self.log if previous else None)
        object.__setattr__(self.cluster, "delete_pod", self.delete)

    def forbid(self, _: Nodes, node: str, arguments: tuple[str, ...]) -> str | Executed:
        assert (node, arguments) == ("node-3", ("pv", "kafka-2-c1"))
        if not self.is_mounted:
            return Executed(command=(), returncode=97, stdout="", stderr="volume pv is no mount of its own here")
        self.options, self.restarts = "ro,relatime", 2
        self.nodes.unready.add("kafka-2")
        return "\n"

    def allow(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        assert arguments[0] == "pv"
        self.options = "rw,relatime"
        return "\n"

    def look(self, *_: object) -> str:
        return f"{self.options}\n"

    def delete(self, pod: str, *, grace_s: int | None) -> None:
        assert grace_s == 0
        self.deleted.append(pod)
        self.nodes.unready.discard(pod)


@pytest.fixture(autouse=True)
def volume(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pod have a persistent volume."""
    monkeypatch.setattr(disk, "volume_at", lambda *_: Volume(name="pv", requested_bytes=1, capacity_bytes=1))


def test_starts_in_vain_are_proof_and_the_broker_comes_back_when_it_may_write() -> None:
    broker = Broker()
    fault = ReadOnlyVolume(broker.cluster, "kafka-2")
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {"pod": "kafka-2", "starts_in_vain": 2, "error": "Read-only file system"}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"ready": ["kafka-2"]}
    assert (broker.deleted, broker.options) == (["kafka-2"], "rw,relatime")
    assert broker.nodes.namespaces.agents == {}


def test_a_fault_that_was_only_asked_for_or_an_end_for_another_reason_is_not_proven() -> None:
    deaf, other = Broker(deaf=True), Broker()
    other.log = "java.lang.OutOfMemoryError"
    for broker in (deaf, other):
        fault = ReadOnlyVolume(broker.cluster, "kafka-2")
        fault.inject()
        assert fault.proof_of_injection() is None


def test_another_machine_heals_from_what_is_journalled() -> None:
    broker = Broker()
    fault = ReadOnlyVolume(broker.cluster, "kafka-2")
    remedies = [remedy_of(remedy.as_json()) for remedy in fault.remedies()]
    fault.inject()
    broker.nodes.pending.clear()
    broker.nodes.namespaces.agents.clear()
    assert remedies[0].remains(broker.cluster) == "the volume of kafka-2 is read-only"
    for remedy in remedies:
        remedy.apply(broker.cluster)
    assert not any(remedy.remains(broker.cluster) for remedy in remedies)


def test_a_volume_that_is_not_mounted_has_nothing_to_undo() -> None:
    broker = Broker()
    fault = ReadOnlyVolume(broker.cluster, "kafka-2")
    broker.options = "none"
    assert fault.remedies()[0].remains(broker.cluster) == ""
    fault.heal()
    assert broker.deleted == []


def test_a_volume_that_is_no_mount_of_its_own_is_unsupported() -> None:
    broker = Broker(is_mounted=False)
    with pytest.raises(Unsupported, match="cannot do that"):
        ReadOnlyVolume(broker.cluster, "kafka-2").inject()
