"""A severing proxy: it lets a client's writes reach the broker, then steals the broker's answer and cuts the line.

That is the one network failure after which a client must send again what is already written. The proxy knows Kafka's
frames, so it cuts at exactly that moment and can prove it: every theft is an answer to a Produce request that the
broker had finished. Clients reach it as an HTTP CONNECT proxy and keep using the brokers' own names.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PRODUCE = 0
"""The API key of a Produce request."""

_CONNECT_TIMEOUT_S = 10


class SeveringProxy(socketserver.ThreadingTCPServer):
    """Steals every n-th answer to a Produce request, over all connections; counts what it saw."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, steal_every: int) -> None:
        self._steal_every = steal_every
        self._lock = threading.Lock()
        self.answered = 0
        self.stolen = 0
        super().__init__(("127.0.0.1", 0), _Tunnel)

    @property
    def url(self) -> str:
        """What a client is given as its proxy."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def steals_this_one(self) -> bool:
        """Count one answered Produce request and say whether its answer is to be stolen."""
        with self._lock:
            self.answered += 1
            stolen = self.answered % self._steal_every == 0
            self.stolen += stolen
            return stolen


@contextmanager
def severing_proxy(*, steal_every: int) -> Iterator[SeveringProxy]:
    """Serve a proxy on a free port of this machine for the length of the `with` block."""
    with SeveringProxy(steal_every=steal_every) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, name="severing proxy")
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Tunnel(socketserver.BaseRequestHandler):
    """One client connection and its own connection to the broker that the client asked for."""

    server: SeveringProxy
    request: socket.socket

    def handle(self) -> None:
        self._requests: dict[int, int] = {}
        with (
            contextlib.suppress(OSError, EOFError),
            socket.create_connection(self._target(), _CONNECT_TIMEOUT_S) as broker,
        ):
            broker.settimeout(None)
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            upstream = threading.Thread(target=self._forward_requests, args=(broker,), daemon=True)
            upstream.start()
            self._forward_answers(broker)
            for side in (broker, self.request):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            upstream.join()

    def _target(self) -> tuple[str, int]:
        """Read `CONNECT host:port HTTP/1.1` and the headers after it."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _exactly(self.request, 1)
        host, _, port = head.split()[1].decode().rpartition(":")
        return host, int(port)

    def _forward_requests(self, broker: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for frame in _frames(self.request):
                api_key, _, correlation_id = struct.unpack_from(">hhi", frame, 4)
                self._requests[correlation_id] = api_key
                broker.sendall(frame)
        with contextlib.suppress(OSError):
            broker.shutdown(socket.SHUT_WR)

    def _forward_answers(self, broker: socket.socket) -> None:
        for frame in _frames(broker):
            (correlation_id,) = struct.unpack_from(">i", frame, 4)
            if self._requests.pop(correlation_id, None) == PRODUCE and self.server.steals_this_one():
                return
            self.request.sendall(frame)


def _frames(source: socket.socket) -> Iterator[bytes]:
    """Give each frame with its four bytes of length, until the other side closes."""
    with contextlib.suppress(EOFError):
        while True:
            length = _exactly(source, 4)
            yield length + _exactly(source, struct.unpack(">i", length)[0])


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = source.recv(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
