"""Finding: a service is asked for where its key is thought to be; who is not there makes the scout look again."""

from __future__ import annotations

import asyncio

from kafka.errors import KafkaError

from harness.clients.probing.asking import Asking
from harness.clients.probing.whereabouts import Scout
from harness.clients.probing.wire import Line
from harness.services import Service

NOBODY = "no leader is known"
LEAVE_TIMEOUT_S = 1.0

KEPT_WAITING_S = 0.5
"""A broker that is paused or cut off gives no error, and another one may lead by then; slow ones answer sooner."""


class Finder:
    """A client of one service on one key: one request to whoever is thought to serve it, nothing tried again.

    When the scout hears that another broker serves, the line to the old one is hung up: whoever waits there for an
    answer would wait in vain.
    """

    def __init__(self, asking: Asking, scout: Scout) -> None:
        self._asking, self._scout, self._line = asking, scout, Line()
        self._address = scout.known.address(asking.key)
        self._asked_s: float | None = None
        scout.tell(self)

    @property
    def service(self) -> Service:
        return self._asking.service

    @property
    def key(self) -> str:
        return self._asking.key

    @property
    def patience_s(self) -> float:
        return self._asking.patience_s

    def hear(self) -> None:
        """Hang up on the old broker when another one serves the key."""
        address = self._scout.known.address(self.key)
        if address != self._address:
            self._address = address
            self._line.hang_up()

    def is_kept_waiting(self) -> bool:
        return self._asked_s is not None and asyncio.get_running_loop().time() - self._asked_s > KEPT_WAITING_S

    async def ask(self) -> str | None:
        """Ask once; return the name of an error, or None when it was served."""
        if self._address is None:
            self._scout.miss()
            return NOBODY
        self._asked_s = asyncio.get_running_loop().time()
        try:
            error = await self._asking.ask(await self._line.to(self._address))
        except (OSError, KafkaError) as broken:
            error = type(broken).__name__
        finally:
            self._asked_s = None
        if error is not None:
            self._scout.miss()
        return error

    def give_up(self) -> None:
        """Hang up on whoever does not answer: the next probe comes on a connection of its own."""
        self._scout.miss()
        self._line.hang_up()

    async def leave(self) -> None:
        """Take away what the probes made; a cluster that does not answer is left as it is."""
        try:
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                if self._address is not None:
                    await self._asking.leave(await self._line.to(self._address))
        except (OSError, KafkaError):
            return
        finally:
            self._line.hang_up()
