"""A storm of connections: what counts is what the kernel of the broker counts; here it is this machine's own."""

from __future__ import annotations

import resource
import socket
import subprocess
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from chaos import storm
from chaos.storm import SOCKETS, ConnectionStorm, may_have, standing
from harness.cluster.pods import Cluster, Executed
from harness.verdict import Inconclusive


class Broker:
    """A broker that listens on this machine and lets clients wait."""

    def __init__(self) -> None:
        self.is_well = True
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listening.getsockname()[1]

    @property
    def cluster(self) -> Cluster:
        return cast(Cluster, self)

    def address(self, pod: str) -> str:
        assert pod == "kafka-1"
        return "127.0.0.1"

    def is_ready(self, _: str) -> bool:
        return self.is_well

    def run(self, _: str, command: Sequence[str]) -> Executed:
        assert command == SOCKETS
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return Executed(command=tuple(command), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    made = Broker()
    monkeypatch.setattr(storm, "PORT", made.port)
    monkeypatch.setattr(storm, "SPARE_FILES", 0)
    with made.listening:
        yield made


def test_connections_that_stand_prove_it_and_go_when_it_is_healed(broker: Broker) -> None:
    fault = ConnectionStorm(broker.cluster, "kafka-1", connections=40)
    assert (fault.plan(), fault.remedies(), fault.proof_of_injection()) == (("kafka-1",), (), None)
    fault.inject()
    assert fault.proof_of_injection() == {"pod": "kafka-1", "connections_before": 0, "connections": 40}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() is not None
    broker.is_well = False
    assert fault.proof_of_healing() is None


def test_a_broker_that_nobody_reaches_has_no_storm(broker: Broker) -> None:
    fault = ConnectionStorm(broker.cluster, "kafka-1", connections=40)
    broker.listening.close()
    fault.inject()
    assert fault.proof_of_injection() is None


def test_connections_that_cannot_be_counted_are_not_none() -> None:
    mute = Executed(command=(), returncode=1, stdout="", stderr="no such file")
    cluster = cast(Cluster, SimpleNamespace(run=lambda *_: mute))
    with pytest.raises(Inconclusive, match="cannot be read: no such file"):
        standing(cluster, "kafka-1")


def test_a_machine_that_allows_too_few_files_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.append(wanted))
    may_have(1000)
    assert len(limits) == 1
    may_have(2500)
    assert limits[-1] == (2500, 4096)
    with pytest.raises(Inconclusive, match="a storm takes 5000 open files, this machine allows 4096"):
        may_have(5000)
