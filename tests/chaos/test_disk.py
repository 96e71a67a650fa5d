"""Disk faults: proven by what the file system counts, undone when the file is gone."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from chaos import disk
from chaos.disk import EMPTY, FILL, MEASURE, TOP_UP, DiskFill
from harness.cluster.objects import Volume
from harness.remedies import remedy_of
from harness.verdict import Inconclusive
from tests.chaos.nodes import Nodes

SIZE = 10_000
USED = 300


@dataclass
class Disks:
    """One file system a volume, with the sizes of the files that faults put there; `short` ones end early."""

    short: bool = False
    used: int = USED
    """By the broker itself."""

    files: dict[tuple[str, str], int] = field(default_factory=dict)

    def nodes(self, *, deaf: bool = False) -> Nodes:
        return Nodes(
            {FILL: self.fill, TOP_UP: self.top_up, EMPTY: self.empty, MEASURE: self.measure},
            deaf=deaf,
        )

    def fill(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        volume, file, thousandths = arguments
        self.files[volume, file] = SIZE * int(thousandths) // 1000 - USED - (2000 if self.short else 0)
        return ""

    def top_up(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        volume, file = arguments
        self.files[volume, file] = SIZE - self.used
        return ""

    def empty(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        volume, file = arguments[:2]
        self.files.pop((volume, file), None)
        return ""

    def measure(self, _: Nodes, __: str, arguments: tuple[str, ...]) -> str:
        volume, file = arguments
        used = self.used + sum(size for (where, _), size in self.files.items() if where == volume)
        return f"{used} {SIZE - used} {self.files.get((volume, file), 0)}\n"


@pytest.fixture(autouse=True)
def volume(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pod have a persistent volume, named after it."""
    monkeypatch.setattr(
        disk, "volume_at", lambda _, pod, path: Volume(name=f"{pod}:{path}", requested_bytes=1, capacity_bytes=1)
    )


@pytest.mark.parametrize(("share", "taken"), [(0.95, 9200), (1.0, 9700)])
def test_a_full_disk_is_proven_and_then_proven_emptied(share: float, taken: int) -> None:
    disks = Disks()
    world = disks.nodes()
    fault = DiskFill(world.cluster, "kafka-0", share=share)
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {
        "pod": "kafka-0",
        "file_bytes": taken,
        "free_bytes": SIZE - USED - taken,
        "used_share": share,
    }
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"file_bytes": 0, "ready": ["kafka-0"]}
    assert (disks.files, world.namespaces.agents) == ({}, {})


def test_what_a_broker_frees_on_a_full_disk_is_taken_too() -> None:
    disks = Disks()
    fault = DiskFill(disks.nodes().cluster, "kafka-0")
    fault.keep_full()
    assert disks.files == {}, "before it is injected there is nothing to keep"
    fault.inject()
    disks.used = USED - 150
    fault.keep_full()
    assert disks.files == {("kafka-0:/var/lib/kafka/data", next(iter(disks.files))[1]): SIZE - disks.used}


def test_a_disk_that_was_only_asked_to_be_full_is_not_proven() -> None:
    fault = DiskFill(Disks().nodes(deaf=True).cluster, "kafka-0")
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_disk_with_room_left_is_not_full() -> None:
    fault = DiskFill(Disks(short=True).nodes().cluster, "kafka-0")
    fault.inject()
    assert fault.proof_of_injection() is None


def test_another_machine_heals_from_what_is_journalled() -> None:
    disks = Disks()
    world = disks.nodes()
    fault = DiskFill(world.cluster, "zookeeper-1", share=0.5)
    journalled = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    world.pending.clear()
    world.namespaces.agents.clear()
    remedies = [remedy_of(line) for line in journalled]
    assert remedies[0].remains(world.cluster).endswith("takes 4700 bytes of the volume of zookeeper-1")
    for remedy in remedies:
        remedy.apply(world.cluster)
    assert not any(remedy.remains(world.cluster) for remedy in remedies)
    assert disks.files == {}


def test_a_broker_that_does_not_come_back_is_not_healed() -> None:
    world = Disks().nodes()
    fault = DiskFill(world.cluster, "kafka-0")
    fault.inject()
    fault.heal()
    world.unready.add("kafka-0")
    assert fault.proof_of_healing() is None


@pytest.mark.parametrize("share", [0.0, 1.01, 95])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="expected more than 0 and at most 1"):
        DiskFill(Disks().nodes().cluster, "kafka-0", share=share)


def test_a_pod_without_a_volume_cannot_be_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "volume_at", lambda *_: Volume(name=None, requested_bytes=0, capacity_bytes=0))
    with pytest.raises(Inconclusive, match="kafka-0 has no persistent volume"):
        DiskFill(Disks().nodes().cluster, "kafka-0")
