"""A quota on producers: proven by what a broker tells of it, gone when no broker tells of it any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from chaos.quota import RATE, Quota, Unlimited, quota_of
from harness.cluster.pods import Cluster, Executed
from harness.remedies import remedy_of
from harness.verdict import Inconclusive


class Brokers:
    """Brokers that keep the quotas of clients; `deaf` ones change nothing, `broken` ones answer nothing."""

    brokers = ("kafka-0", "kafka-1", "kafka-2")

    def __init__(self, *, deaf: bool = False, broken: bool = False) -> None:
        self.deaf, self.broken = deaf, broken
        self.ready = {"kafka-1", "kafka-2"}
        self.quotas: dict[str, dict[str, str]] = {"theirs": {RATE: "7"}, "load-1": {"consumer_byte_rate": "9"}}

    @property
    def cluster(self) -> Cluster:
        return cast(Cluster, self)

    def is_ready(self, pod: str) -> bool:
        return pod in self.ready

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float) -> Executed:
        assert pod in self.ready
        assert timeout_s > 0
        stdout = ""
        if not self.broken:
            stdout = self._does(*command[command.index("--entity-name") + 1 :])
        return Executed(command=tuple(command), returncode=int(self.broken), stdout=stdout, stderr="no answer")

    def _does(self, client: str, act: str, *change: str) -> str:
        mine = self.quotas.setdefault(client, {})
        if act == "--alter" and not self.deaf:
            what, value = change
            if what == "--add-config":
                name, _, rate = value.partition("=")
                mine[name] = rate
            else:
                mine.pop(value)
        if act == "--alter":
            return "Completed updating config for entity: client-id 'load-1'.\n"
        told = ", ".join(f"{name}={float(value)}" for name, value in mine.items())
        return f"Quota configs for client-id '{client}' are {told}\n" if mine else ""


def test_a_quota_is_proven_and_undone_and_other_quotas_are_left_alone() -> None:
    brokers = Brokers()
    before = {client: dict(quotas) for client, quotas in brokers.quotas.items()}
    fault = Quota(brokers.cluster, "load-1", bytes_per_s=1_000_000)
    assert fault.plan() == brokers.brokers
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {"client": "load-1", RATE: 1_000_000}
    assert fault.proof_of_healing() is None
    (remedy,) = fault.remedies()
    assert remedy.remains(brokers.cluster) == "client load-1 is held to 1e+06 B/s by each broker"
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"client": "load-1", RATE: None}
    assert brokers.quotas == before


def test_a_quota_that_did_not_come_is_not_proven() -> None:
    fault = Quota(Brokers(deaf=True).cluster, "load-1", bytes_per_s=1_000_000)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_quota_that_cannot_be_taken_away_is_not_healed() -> None:
    brokers = Brokers()
    fault = Quota(brokers.cluster, "load-1", bytes_per_s=1_000_000)
    fault.inject()
    brokers.deaf = True
    fault.heal()
    assert fault.proof_of_healing() is None


def test_another_machine_takes_it_away_from_the_journal_alone() -> None:
    brokers = Brokers()
    fault = Quota(brokers.cluster, "load-1", bytes_per_s=1_000_000)
    (line,) = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    remedy_of(line).apply(brokers.cluster)
    assert remedy_of(line) == Unlimited("load-1")
    assert quota_of(brokers.cluster, "load-1") is None


def test_a_quota_that_somebody_else_gave_is_not_changed() -> None:
    with pytest.raises(Inconclusive, match="client theirs has a quota already"):
        Quota(Brokers().cluster, "theirs", bytes_per_s=1_000_000)


def test_nobody_to_ask_is_not_nothing_left() -> None:
    silent, away = Brokers(broken=True), Brokers()
    away.ready = set()
    for brokers, why in ((silent, "failed in kafka-1: no answer"), (away, "no broker is ready")):
        with pytest.raises(Inconclusive, match=why):
            Unlimited("load-1").remains(brokers.cluster)
