"""Finding: a service is asked for where its keys are thought to be; who is not there makes the scout look again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kafka.errors import KafkaError

from harness.clients.probing.asking import Asking, Told
from harness.clients.probing.whereabouts import Scout, brokers_by_address
from harness.clients.probing.wire import Lines
from harness.services import Service

NOBODY = "no leader is known"


class Finder:
    """A service's client: one request to whoever is thought to serve, nothing tried again."""

    def __init__(self, asking: Asking, scout: Scout) -> None:
        self._asking, self._scout, self._lines = asking, scout, Lines()

    @property
    def service(self) -> Service:
        return self._asking.service

    @property
    def keys(self) -> Sequence[str]:
        return self._asking.keys

    @property
    def is_exclusive(self) -> bool:
        return self._asking.is_exclusive

    def together(self) -> list[list[str]]:
        """Return the keys by their brokers; where one waits for the one before it, each for itself."""
        if self.is_exclusive:
            return [[key] for key in self.keys]
        return list(brokers_by_address(self._scout.known, self.keys).values())

    async def ask(self, keys: Sequence[str]) -> Told:
        """Ask once, and tell an error of every key of a broker that cannot be reached."""
        address = self._scout.known.address(keys[0])
        if address is None:
            self._scout.miss()
            return dict.fromkeys(keys, NOBODY)
        try:
            connection = await self._lines.to(address)
            told = await self._asking.ask(connection, keys)
        except (OSError, KafkaError) as error:
            self._scout.miss()
            return dict.fromkeys(keys, type(error).__name__)
        if any(told.values()):
            self._scout.miss()
        return told

    def give_up(self, keys: Sequence[str]) -> None:
        """Hang up on whoever does not answer: the next probe comes on a connection of its own."""
        self._scout.miss()
        address = self._scout.known.address(keys[0])
        if address is not None:
            self._lines.hang_up(address)

    async def leave(self) -> None:
        """Take away what the probes made; a cluster that does not answer is left as it is."""
        for key in self.keys:
            address = self._scout.known.address(key)
            if address is not None:
                try:
                    async with asyncio.timeout(1.0):
                        await self._asking.leave(await self._lines.to(address), key)
                except (OSError, KafkaError):
                    continue
        self._lines.close()
