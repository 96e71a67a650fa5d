"""A broker that starts asks ZooKeeper whether the session of its predecessor is over; unknown is not registered."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "manifests" / "base" / "kafka" / "registered.sh"
NO_QUORUM = b"This ZooKeeper instance is not currently serving requests\n"

Member = Callable[[bytes], str]


def dump(*znodes: str) -> bytes:
    """Return what a member that has a quorum says of ephemeral nodes."""
    listed = "".join(f"0x10002c8644a0002:\n\t{znode}\n" for znode in znodes)
    return f"SessionTracker dump:\nephemeral nodes dump:\nSessions with Ephemerals (1):\n{listed}".encode()


@pytest.fixture
def member() -> Iterator[Member]:
    """Return a function that starts a member of an ensemble which gives this answer, once, to `dump`."""
    with ExitStack() as stack:

        def start(answer: bytes) -> str:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=serve, args=(listening, answer), daemon=True)
            thread.start()
            return f"127.0.0.1:{listening.getsockname()[1]}"

        yield start


def serve(listening: socket.socket, answer: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        assert connection.recv(4) == b"dump"
        connection.sendall(answer)


@pytest.fixture
def nobody() -> str:
    """Return an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"127.0.0.1:{listening.getsockname()[1]}"


def is_registered(*members: str, folder: Path, chroot: str = "") -> bool:
    """Run the script as the pod kafka-1 would."""
    properties = folder / "server.properties"
    properties.write_text(f"zookeeper.connect={','.join(members)}{chroot}\nbroker.id=1\n", encoding="utf-8")
    done = subprocess.run(
        ["bash", SCRIPT, properties], env={"POD_NAME": "kafka-1", "PATH": "/usr/bin:/bin"}, timeout=60, check=False
    )
    assert done.returncode in (0, 1)
    return done.returncode == 0


def test_a_broker_whose_last_session_goes_on_is_registered(member: Member, tmp_path: Path) -> None:
    assert is_registered(member(dump("/controller", "/brokers/ids/0", "/brokers/ids/1")), folder=tmp_path)


@pytest.mark.parametrize("others", [(), ("/brokers/ids/0",), ("/brokers/ids/10", "/brokers/ids/11", "/brokers/ids/2")])
def test_a_broker_that_no_session_names_is_not(member: Member, tmp_path: Path, others: tuple[str, ...]) -> None:
    assert not is_registered(member(dump(*others)), folder=tmp_path)


def test_members_that_do_not_serve_or_do_not_answer_are_passed_over(
    member: Member, nobody: str, tmp_path: Path
) -> None:
    assert is_registered(nobody, member(NO_QUORUM), member(dump("/brokers/ids/1")), folder=tmp_path)


def test_where_no_member_serves_the_broker_starts(member: Member, nobody: str, tmp_path: Path) -> None:
    assert not is_registered(nobody, member(NO_QUORUM), folder=tmp_path)


def test_a_folder_of_its_own_in_zookeeper_changes_nothing(member: Member, tmp_path: Path) -> None:
    assert is_registered(member(dump("/greenfield/brokers/ids/1")), folder=tmp_path, chroot="/greenfield")
