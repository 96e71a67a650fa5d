"""The severing proxy: it steals exactly every n-th answer to a write, after the broker has done the write."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator

import pytest

from harness.severing_proxy import PRODUCE, SeveringProxy, severing_proxy

METADATA = 3


class _Broker(socketserver.ThreadingTCPServer):
    """Answers each frame with its correlation id; remembers the writes."""

    daemon_threads = True

    def __init__(self) -> None:
        self.written: list[int] = []
        super().__init__(("127.0.0.1", 0), _Answers)


class _Answers(socketserver.StreamRequestHandler):
    server: _Broker

    def handle(self) -> None:
        while head := self.rfile.read(4):
            frame = self.rfile.read(struct.unpack(">i", head)[0])
            api_key, _, correlation_id = struct.unpack_from(">hhi", frame)
            if api_key == PRODUCE:
                self.server.written.append(correlation_id)
            self.wfile.write(struct.pack(">ii", 4, correlation_id))


@pytest.fixture
def broker() -> Iterator[_Broker]:
    with _Broker() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _connect(proxy: SeveringProxy, broker: _Broker) -> socket.socket:
    host, _, port = proxy.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=5)
    connection.sendall(f"CONNECT 127.0.0.1:{broker.server_address[1]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    return connection


def _ask(connection: socket.socket, api_key: int, correlation_id: int) -> int | None:
    """Send one request; return the answer's correlation id, or None when the line was cut."""
    connection.sendall(struct.pack(">ihhi", 8, api_key, 0, correlation_id))
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(8 - len(answer)):
            answer += chunk
    return struct.unpack(">ii", answer)[1] if answer else None


def test_every_third_answer_to_a_write_is_stolen_over_all_connections(broker: _Broker) -> None:
    answers: list[int | None] = []
    with severing_proxy(steal_every=3) as proxy:
        connection = _connect(proxy, broker)
        for number in range(7):
            answers.append(_ask(connection, PRODUCE, number))
            if answers[-1] is None:
                connection.close()
                connection = _connect(proxy, broker)
        connection.close()
        assert (proxy.answered, proxy.stolen) == (7, 2)
    assert answers == [0, 1, None, 3, 4, None, 6]
    assert broker.written == list(range(7)), "a stolen answer is the answer to a write that was done"


def test_other_answers_are_never_stolen(broker: _Broker) -> None:
    with severing_proxy(steal_every=1) as proxy, _connect(proxy, broker) as connection:
        assert [_ask(connection, METADATA, number) for number in range(5)] == list(range(5))
        assert _ask(connection, PRODUCE, 5) is None
        assert (proxy.answered, proxy.stolen) == (1, 1)


def test_a_broker_that_is_not_there_only_closes_the_line() -> None:
    with severing_proxy(steal_every=1) as proxy, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = int(proxy.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"CONNECT 127.0.0.1:{unused.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
            assert connection.recv(100) == b""


def test_a_client_that_says_nothing_harms_nobody() -> None:
    with severing_proxy(steal_every=1) as proxy:
        socket.create_connection(("127.0.0.1", int(proxy.url.rpartition(":")[2])), timeout=5).close()
        assert proxy.answered == 0
