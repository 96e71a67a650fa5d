"""Logs are read in the pods by Kafka's tool; whatever keeps one from being read makes it unreadable, never empty."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import testinfra
from confluent_kafka import KafkaError, KafkaException

from harness.checkers.disk_log import Log, Replica, Unreadable
from harness.clients.admin import Admin, Partition
from harness.cluster.disk import DEFAULT, Limits, read_disk
from harness.cluster.pods import Cluster, Executed
from harness.errors import UsageError
from harness.verdict import Inconclusive
from tests.checkers.logs import text_of

PRINTS = 'cat "${0%/*}/dump.txt"'
SEGMENT = "00000000000000000000.log"


class HereInstead:
    """Stands in for a cluster: every pod is this machine, with a made-up tool of Kafka's name and no real broker."""

    def __init__(self, folder: Path) -> None:
        self.tools = folder / "bin"
        self.tools.mkdir()
        self.dead: set[str] = set()

    def tool(self, script: str, *, prints: str = "plain") -> None:
        (self.tools / "dump.txt").write_text(text_of(prints), encoding="utf-8")
        tool = self.tools / "kafka-dump-log"
        tool.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        tool.chmod(0o755)

    def broker_pod(self, broker: int) -> str:
        return f"kafka-{broker}"

    def inside(self, pod: str) -> object:
        if pod in self.dead:
            raise Inconclusive(f"no command runs inside {pod}")
        return testinfra.get_host("local://")

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float) -> Executed:
        assert pod not in self.dead
        path = f"{self.tools}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "JMX_PORT": "9999"}
        done = subprocess.run(
            list(command), env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        return Executed(command=tuple(command), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


class Described:
    """Stands in for the admin: topic `orders`, on brokers 0, 1 and 2, of which the last is not in sync."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.silent: set[int] = set()

    def describe(self, topic: str) -> tuple[Partition, ...]:
        found = Partition(topic="orders", index=0, leader=1, replicas=(0, 1, 2), isr=(0, 1))
        return (found,) if topic == "orders" else ()

    def broker_config(self, broker: int) -> Mapping[str, str]:
        if broker in self.silent:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return {"log.dirs": str(self.data)}


class Disks:
    """A partition that lies on this machine, and those who are asked for it."""

    def __init__(self, folder: Path) -> None:
        self.cluster, self.admin = HereInstead(folder), Described(folder / "data")
        self.folder = folder / "data" / "orders-0"
        self.folder.mkdir(parents=True)
        (self.folder / SEGMENT).write_bytes(b"x" * 100)
        (self.folder.parent / "log-start-offset-checkpoint").write_text("0\n1\norders 0 4\n", encoding="utf-8")
        self.cluster.tool(PRINTS)

    def read(self, *, limits: Limits = DEFAULT) -> tuple[Log, ...]:
        return read_disk(cast(Cluster, self.cluster), cast(Admin, self.admin), "orders", 0, limits=limits)

    def complaint(self, *, limits: Limits = DEFAULT) -> str:
        """Return why no replica could be read."""
        logs = self.read(limits=limits)
        reasons = {log.reason for log in logs if isinstance(log, Unreadable)}
        assert len(reasons) == 1
        assert not any(isinstance(log, Replica) for log in logs)
        return reasons.pop()


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    return Disks(tmp_path)


def test_every_replica_is_read_with_its_role(disks: Disks) -> None:
    logs = disks.read()
    assert [(log.name, log.in_sync) for log in logs] == [("kafka-0", True), ("kafka-1", True), ("kafka-2", False)]
    replicas = [log for log in logs if isinstance(log, Replica)]
    assert [replica.is_leader for replica in replicas] == [False, True, False]
    assert [len(replica.dump.records) for replica in replicas] == [9, 9, 9]
    assert {replica.start for replica in replicas} == {4}


def test_no_note_of_a_start_means_that_the_first_segment_says_it(disks: Disks) -> None:
    (disks.folder.parent / "log-start-offset-checkpoint").write_text("0\n1\norders 10 4\n", encoding="utf-8")
    assert [log.start for log in disks.read() if isinstance(log, Replica)] == [0, 0, 0]
    (disks.folder.parent / "log-start-offset-checkpoint").unlink()
    assert [log.start for log in disks.read() if isinstance(log, Replica)] == [0, 0, 0]


def test_the_tool_is_given_all_segments_in_their_order_and_nothing_else(disks: Disks) -> None:
    for name in ("00000000000000000021.log", "00000000000000000003.log.deleted", "00000000000000000021.index"):
        (disks.folder / name).write_bytes(b"x")
    disks.cluster.tool(f'echo "$@" ${{JMX_PORT-none}} $LC_ALL > "{disks.folder}/asked"; {PRINTS}')
    disks.read()
    asked = (disks.folder / "asked").read_text(encoding="utf-8").split()
    assert asked == [
        "--deep-iteration",
        "--print-data-log",
        "--files",
        f"{SEGMENT},00000000000000000021.log",
        "none",
        "C.UTF-8",
    ]


@pytest.mark.parametrize(
    ("script", "prints", "reason"),
    [
        (f"{PRINTS}; echo no such file >&2; exit 1", "plain", "the tool ended with 1: no such file"),
        (f"{PRINTS}; exit 1", "aborted", "the tool gave up, and the batch at offsets 0 to 3 has a wrong checksum"),
        (PRINTS, "aborted", "line 4 of the dump: got '', expected 4 more records"),
        ("true", "plain", "the dump names no segment"),
    ],
)
def test_a_tool_that_fails_makes_the_log_unreadable(disks: Disks, script: str, prints: str, reason: str) -> None:
    disks.cluster.tool(script, prints=prints)
    assert disks.complaint().startswith(reason)


def test_a_tool_that_does_not_end_is_ended_and_makes_the_log_unreadable(disks: Disks) -> None:
    disks.cluster.tool("exec sleep 30")
    assert disks.complaint(limits=replace(DEFAULT, timeout_s=0.2)) == "the tool did not end within 0.2 s"


def test_a_missing_tool_makes_the_log_unreadable(disks: Disks) -> None:
    (disks.cluster.tools / "kafka-dump-log").unlink()
    assert disks.complaint().startswith("the tool ended with 127: ")


def test_a_log_that_is_too_long_is_not_read_in_part(disks: Disks) -> None:
    assert disks.complaint(limits=replace(DEFAULT, log_bytes=99)) == "its log has 100 bytes, at most 99 are read"
    size = len(text_of("plain"))
    reason = f"the tool printed more than {size - 1} bytes"
    assert disks.complaint(limits=replace(DEFAULT, printed_bytes=size - 1)) == reason
    assert isinstance(disks.read(limits=replace(DEFAULT, printed_bytes=size))[0], Replica)


def test_a_folder_without_a_segment_or_without_existence_is_not_an_empty_log(disks: Disks) -> None:
    (disks.folder / SEGMENT).unlink()
    assert disks.complaint() == "its folder has no segment"
    disks.folder.rmdir()
    assert all(isinstance(log, Unreadable) and "cannot be looked at" in log.reason for log in disks.read())


def test_a_dead_pod_and_a_silent_broker_are_unreadable_and_the_others_are_read(disks: Disks) -> None:
    disks.cluster.dead.add("kafka-0")
    disks.admin.silent.add(1)
    logs = disks.read()
    reasons = [log.reason if isinstance(log, Unreadable) else None for log in logs]
    assert reasons[0] == "no command runs inside kafka-0"
    assert reasons[1] is not None
    assert "TIMED_OUT" in reasons[1]
    assert reasons[2] is None


def test_a_partition_that_does_not_exist_is_a_usage_error(disks: Disks) -> None:
    for topic, partition, remedy in (("orders", 9, "choose one of: orders-0"), ("nope", 0, "choose a topic")):
        with pytest.raises(UsageError, match=remedy):
            read_disk(cast(Cluster, disks.cluster), cast(Admin, disks.admin), topic, partition)
