"""Whereabouts: which broker leads what, as brokers tell it; news counts, what is older than known does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka.errors import KafkaError
from kafka.protocol.metadata import MetadataRequest

from harness.clients.places import key_of
from harness.clients.probing.wire import Address, Lines

VERSION = 7
"""The first in which a leader comes with its epoch."""

ANSWER_TIMEOUT_S = 0.5
EVERY_S = 1.0
AT_MOST_EVERY_S = 0.05
CONTROLLER = "controller"


@dataclass(kw_only=True)
class Whereabouts:
    """What is known so far: the broker of each key (of the controller, too), and where brokers listen."""

    addresses: dict[int, Address] = field(default_factory=dict)
    brokers: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)

    def address(self, key: str) -> Address | None:
        """Return where the broker of a key listens, if there is one and it is known."""
        broker = self.brokers.get(key)
        return None if broker is None else self.addresses.get(broker)

    def hear(self, answer: Any) -> None:
        """Take in what a broker says; a leader of an older epoch is old news."""
        for node in answer.brokers:
            self.addresses[node.node_id] = Address(host=node.host, port=node.port)
        if answer.controller_id >= 0:
            self.brokers[CONTROLLER] = answer.controller_id
        for topic in answer.topics:
            for partition in topic.partitions:
                self._hear(key_of(topic.name, partition.partition_index), partition)

    def _hear(self, key: str, partition: Any) -> None:
        if partition.leader_id >= 0 and partition.leader_epoch >= self.epochs.get(key, -1):
            self.brokers[key] = partition.leader_id
            self.epochs[key] = partition.leader_epoch


class Scout:
    """Asks one broker after the other who leads: each second, and at once when somebody missed a leader."""

    def __init__(self, bootstrap: str, *, topics: Sequence[str]) -> None:
        self.known = Whereabouts()
        self._bootstrap = [Address.of(text) for text in bootstrap.split(",")]
        self._topics, self._lines = topics, Lines()
        self._missed = asyncio.Event()

    def miss(self) -> None:
        """Say that a leader was not where it was thought to be."""
        self._missed.set()

    async def run(self) -> None:
        """Ask for ever."""
        turn = 0
        while True:
            addresses = self._addresses()
            await self._ask(addresses[turn % len(addresses)])
            turn += 1
            await asyncio.sleep(AT_MOST_EVERY_S)
            self._missed.clear()
            try:
                await asyncio.wait_for(self._missed.wait(), EVERY_S)
            except TimeoutError:
                continue

    def _addresses(self) -> list[Address]:
        return sorted({*self._bootstrap, *self.known.addresses.values()}, key=str)

    async def _ask(self, address: Address) -> None:
        topics = [MetadataRequest.MetadataRequestTopic(name=topic) for topic in self._topics]
        request = MetadataRequest(version=VERSION, topics=topics, allow_auto_topic_creation=False)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                connection = await self._lines.to(address)
                self.known.hear(await connection.ask(request))
        except (OSError, KafkaError):  # a time-out is an OSError, too: the next broker is asked
            self._lines.hang_up(address)

    def close(self) -> None:
        self._lines.close()


def brokers_by_address(known: Whereabouts, keys: Iterable[str]) -> dict[Address | None, list[str]]:
    """Sort keys by where their brokers listen; None stands for those that have none."""
    sorted_keys: dict[Address | None, list[str]] = {}
    for key in keys:
        sorted_keys.setdefault(known.address(key), []).append(key)
    return sorted_keys
