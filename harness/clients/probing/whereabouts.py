"""Whereabouts: which broker leads what, as brokers tell it; news counts, what is older than known does not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from kafka.errors import KafkaError
from kafka.protocol.metadata import MetadataRequest

from harness.clients.places import key_of
from harness.clients.probing.plan import CONTROLLER
from harness.clients.probing.wire import Address, Line

VERSION = 7
"""The first in which a leader comes with its epoch."""

ANSWER_TIMEOUT_S = 1.0
EVERY_S = 1.0
AT_MOST_EVERY_S = 0.1


@dataclass(kw_only=True)
class Whereabouts:
    """What is known so far: the broker of each key (of the controller, too), and where brokers listen."""

    addresses: dict[int, Address] = field(default_factory=dict)
    brokers: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    controllers: dict[Address, int] = field(default_factory=dict)
    """Which controller each broker named last."""

    def address(self, key: str) -> Address | None:
        """Return where the broker of a key listens, if there is one and it is known."""
        broker = self.brokers.get(key)
        return None if broker is None else self.addresses.get(broker)

    def hear(self, answer: Any, *, teller: Address) -> None:
        """Take in what a broker says; a leader of an older epoch is old news.

        Controllers come without their epoch: one that its teller named before is no news, for a broker that is cut off
        from the others goes on naming the old one.
        """
        for node in answer.brokers:
            self.addresses[node.node_id] = Address(host=node.host, port=node.port)
        if answer.controller_id >= 0 and self.controllers.get(teller) != answer.controller_id:
            self.controllers[teller] = self.brokers[CONTROLLER] = answer.controller_id
        for topic in answer.topics:
            for partition in topic.partitions:
                self._hear(key_of(topic.name, partition.partition_index), partition)

    def _hear(self, key: str, partition: Any) -> None:
        if partition.leader_id >= 0 and partition.leader_epoch >= self.epochs.get(key, -1):
            self.brokers[key] = partition.leader_id
            self.epochs[key] = partition.leader_epoch


class Seeker(Protocol):
    """Whoever wants to know where its key is."""

    def hear(self) -> None:
        """Take in what is known now."""

    def is_kept_waiting(self) -> bool:
        """Say whether an answer takes so long that somebody else may be the one to ask."""


class Scout:
    """Asks each broker who leads: every second, and at once while a seeker misses its leader or is kept waiting.

    Each is asked on its own, so that one that does not answer keeps no news of the others away. Bootstrap addresses are
    asked until brokers are known.
    """

    def __init__(self, bootstrap: str, *, topics: Sequence[str]) -> None:
        self.known = Whereabouts()
        self._bootstrap = frozenset(Address.of(text) for text in bootstrap.split(","))
        self._topics = topics
        self._missed: dict[Address, asyncio.Event] = {}
        self._seekers: list[Seeker] = []

    def tell(self, seeker: Seeker) -> None:
        """Let somebody hear of each answer of a broker."""
        self._seekers.append(seeker)

    def miss(self) -> None:
        """Say that a leader was not where it was thought to be."""
        for missed in self._missed.values():
            missed.set()

    async def run(self) -> None:
        """Ask for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for address in sorted(self._places() - self._missed.keys()):
                    self._missed[address] = asyncio.Event()
                    tasks.create_task(self._look(address))
                if any(seeker.is_kept_waiting() for seeker in self._seekers):
                    self.miss()
                await asyncio.sleep(AT_MOST_EVERY_S)

    def _places(self) -> frozenset[Address]:
        return frozenset(self.known.addresses.values()) or self._bootstrap

    async def _look(self, address: Address) -> None:
        line, missed = Line(), self._missed[address]
        while address in self._places():
            missed.clear()
            await self._ask(line, address)
            await asyncio.sleep(AT_MOST_EVERY_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(missed.wait(), EVERY_S)
        line.hang_up()

    async def _ask(self, line: Line, address: Address) -> None:
        topics = [MetadataRequest.MetadataRequestTopic(name=topic) for topic in self._topics]
        request = MetadataRequest(version=VERSION, topics=topics, allow_auto_topic_creation=False)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                connection = await line.to(address)
                self.known.hear(await connection.ask(request), teller=address)
        except (OSError, KafkaError):  # a time-out is an OSError, too: the others are asked meanwhile
            line.hang_up()
            return
        for seeker in self._seekers:
            seeker.hear()
