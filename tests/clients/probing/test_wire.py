"""The wire: answers reach whoever asked, a broken connection is an error for all, old news of leaders is none."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.protocol.consumer import LeaveGroupRequest

from harness.clients.probing.asking import Asking, told
from harness.clients.probing.finding import NOBODY, Finder
from harness.clients.probing.plan import CONTROLLER
from harness.clients.probing.whereabouts import Scout, Whereabouts
from harness.clients.probing.wire import Address, Connection, Line
from harness.services import Service


class Broker:
    """Listens on this machine and answers each request with the next code; -1 breaks the connection instead."""

    def __init__(self, *codes: int) -> None:
        self._codes = list(codes)
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self._codes:
            try:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                request = await reader.readexactly(size)
            except asyncio.IncompleteReadError:
                break
            if (code := self._codes.pop(0)) < 0:
                break
            answer = request[4:8] + struct.pack(">ih", 0, code)
            writer.write(struct.pack(">i", len(answer)) + answer)
        writer.close()


class Silent(Broker):
    """Answers nothing."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()


def with_broker(broker: Broker, work: Callable[[Address], Awaitable[None]]) -> None:
    """Do some work beside a broker."""

    async def both() -> None:
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
        async with server:
            await work(Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1]))

    asyncio.run(both())


def request() -> LeaveGroupRequest:
    return LeaveGroupRequest(version=1, group_id="a-group", member_id="a-member")


class Leaving(Asking):
    """Asks what the broker of these tests can answer."""

    service = Service.JOIN

    async def ask(self, connection: Connection) -> str | None:
        answer = await connection.ask(request())
        return told(answer.error_code)


def finder(address: Address | None) -> Finder:
    scout = Scout("127.0.0.1:1", topics=[])
    if address is not None:
        scout.known = Whereabouts(addresses={1: address}, brokers={"t-0": 1})
    return Finder(Leaving("t-0"), scout)


def test_answers_come_to_those_who_asked_in_their_order() -> None:
    async def work(address: Address) -> None:
        line = Line()
        connection = await line.to(address)
        assert await line.to(address) is connection
        answers = await asyncio.gather(*(connection.ask(request()) for _ in range(3)))
        assert [answer.error_code for answer in answers] == [0, 16, 25]
        line.hang_up()

    with_broker(Broker(0, 16, 25), work)


def test_a_broken_connection_is_an_error_for_whoever_waits_and_the_next_one_is_new() -> None:
    broker = Broker(-1, 0)

    async def work(address: Address) -> None:
        line = Line()
        connection = await line.to(address)
        with pytest.raises(ConnectionResetError):
            await connection.ask(request())
        with pytest.raises(ConnectionResetError):
            await connection.ask(request())
        assert (await (await line.to(address)).ask(request())).error_code == 0
        line.hang_up()

    with_broker(broker, work)
    assert broker.connections == 2


def test_hanging_up_ends_the_waiting_for_an_answer_and_for_a_connection() -> None:
    async def work(address: Address) -> None:
        line = Line()
        connection = await line.to(address)
        waiting = asyncio.ensure_future(connection.ask(request()))
        connecting = asyncio.ensure_future((other := Line()).to(address))
        await asyncio.sleep(0)
        line.hang_up()
        other.hang_up()
        for one in (waiting, connecting):
            with pytest.raises(ConnectionResetError):
                await one

    with_broker(Silent(), work)


def test_errors_of_brokers_have_names_and_success_has_none() -> None:
    async def work(address: Address) -> None:
        asked = finder(address)
        assert await asked.ask() is None
        assert await asked.ask() == "NotCoordinatorError"
        asked.give_up()

    with_broker(Broker(0, 16), work)


def test_who_is_not_there_is_an_error_and_no_leader_is_one_too() -> None:
    async def work() -> None:
        assert await finder(Address(host="127.0.0.1", port=1)).ask() == "ConnectionRefusedError"
        assert await finder(None).ask() == NOBODY

    asyncio.run(work())


TELLER = Address(host="kafka-0", port=9092)
OTHER = Address(host="kafka-1", port=9092)


def news(*, leader: int, epoch: int, controller: int = 2) -> Any:
    partition = SimpleNamespace(partition_index=0, leader_id=leader, leader_epoch=epoch)
    brokers = [SimpleNamespace(node_id=number, host=f"kafka-{number}", port=9092) for number in range(3)]
    topics = [SimpleNamespace(name="t", partitions=[partition])]
    return SimpleNamespace(brokers=brokers, controller_id=controller, topics=topics)


def test_a_leader_of_an_older_epoch_is_old_news() -> None:
    known = Whereabouts()
    for leader, epoch in ((0, 4), (1, 5), (0, 4), (-1, 6)):
        known.hear(news(leader=leader, epoch=epoch), teller=TELLER)
    assert known.address("t-0") == Address(host="kafka-1", port=9092)
    assert known.address(CONTROLLER) == Address(host="kafka-2", port=9092)


def test_a_broker_that_knows_no_controller_does_not_make_the_known_one_forgotten() -> None:
    known = Whereabouts()
    known.hear(news(leader=0, epoch=4), teller=TELLER)
    known.hear(news(leader=0, epoch=4, controller=-1), teller=TELLER)
    assert known.brokers[CONTROLLER] == 2


def test_a_broker_that_goes_on_naming_the_old_controller_tells_no_news() -> None:
    known = Whereabouts()
    for teller, controller in ((TELLER, 2), (OTHER, 2), (TELLER, 1), (OTHER, 2)):
        known.hear(news(leader=0, epoch=4, controller=controller), teller=teller)
    assert known.brokers[CONTROLLER] == 1
    known.hear(news(leader=0, epoch=4, controller=1), teller=OTHER)
    known.hear(news(leader=0, epoch=4, controller=0), teller=OTHER)
    assert known.brokers[CONTROLLER] == 0
