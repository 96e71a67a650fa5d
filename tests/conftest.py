"""What all self-tests share: they own their randomness, and they have no way out to a network."""

from __future__ import annotations

import ipaddress
import signal
import socket

import pytest
from hypothesis import settings

settings.register_profile("self-tests", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("self-tests")

# A shell script that starts the tests in its background hands down that ^C is ignored, and their programs inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test connect to this machine only: one that reaches further would pass here and fail elsewhere."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: tuple[str, int] | str) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(str(address[0])):
            raise ConnectionRefusedError(f"a self-test must not reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
