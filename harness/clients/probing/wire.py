"""The wire: connections to brokers on which requests are asked, and answered in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from kafka.errors import KafkaError
from kafka.protocol.parser import KafkaProtocol

CLIENT_ID = "greenfield-probes"

CONNECT_TIMEOUT_S = 0.5
"""A lost packet of a new connection is sent again after a second; until then a new attempt is sooner."""


@dataclass(frozen=True, kw_only=True, order=True)
class Address:
    """Where a broker listens."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> Address:
        """Read host:port."""
        host, port = text.rsplit(":", 1)
        return cls(host=host, port=int(port))


class Connection(asyncio.Protocol):
    """One connection; when it breaks, whoever waits for an answer is told so."""

    def __init__(self) -> None:
        self._wire = KafkaProtocol(client_id=CLIENT_ID)
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note that the connection stands."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Give answers to those who wait; one that cannot be read breaks the connection."""
        try:
            answers = self._wire.receive_bytes(data)
        except (KafkaError, ValueError):
            self.close()
            return
        for _, answer in answers:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(answer)

    def connection_lost(self, reason: Exception | None) -> None:
        """Tell everybody who waits."""
        self._transport = None
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(ConnectionResetError(str(reason or "closed")))

    @property
    def stands(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Break the connection."""
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: object) -> Any:
        """Send a request and return its answer."""
        if self._transport is None:
            raise ConnectionResetError("closed")
        self._wire.send_request(request)
        self._transport.write(self._wire.send_bytes())
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return await waiting


class Line:
    """The one connection of one purpose: a broker answers a connection's requests in turn, so purposes do not share."""

    def __init__(self) -> None:
        self._address: Address | None = None
        self._made: asyncio.Task[Connection] | None = None

    async def to(self, address: Address) -> Connection:
        """Return the connection to a broker; whoever comes while it is made waits with the others."""
        if address != self._address or not self._is_usable():
            self.hang_up()
            self._address, self._made = address, asyncio.create_task(_connect(address))
            self._made.add_done_callback(_take_note)
        made = self._made
        assert made is not None
        try:
            return await asyncio.shield(made)
        except asyncio.CancelledError:
            if made.cancelled():
                raise ConnectionResetError("hung up") from None
            raise

    def _is_usable(self) -> bool:
        made = self._made
        if made is None or made.cancelled():
            return False
        return not made.done() or (made.exception() is None and made.result().stands)

    def hang_up(self) -> None:
        """Break the connection, if there is one; whoever waits for it, or on it, is told so."""
        made, self._address, self._made = self._made, None, None
        if made is None or made.cancel() or made.cancelled() or made.exception() is not None:
            return
        made.result().close()


def _take_note(made: asyncio.Task[Connection]) -> None:
    """Look at the error of a connection that nobody waits for any more; asyncio would complain of it."""
    if not made.cancelled():
        made.exception()


async def _connect(address: Address) -> Connection:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        _, connection = await loop.create_connection(Connection, address.host, address.port)
    return connection
