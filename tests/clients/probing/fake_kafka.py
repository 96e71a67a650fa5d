"""A Kafka of two brokers that speak the protocol in virtual time, and are out when and how a test wants it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from kafka.protocol.admin import CreateTopicsRequest, CreateTopicsResponse, DeleteGroupsRequest, DeleteGroupsResponse
from kafka.protocol.consumer import (
    FetchRequest,
    FetchResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
    SyncGroupRequest,
    SyncGroupResponse,
)
from kafka.protocol.metadata import MetadataRequest, MetadataResponse

from harness.clients.places import key_of, place
from tests.clients.probing.virtual import VirtualLoop

ANSWER_S = 0.002
PORT = 9092
NOT_THE_RIGHT_BROKER = 6
FIRST_JOIN_S = 0.5

API = {
    request.API_KEY: request
    for request in (
        MetadataRequest,
        FetchRequest,
        OffsetCommitRequest,
        JoinGroupRequest,
        SyncGroupRequest,
        LeaveGroupRequest,
        DeleteGroupsRequest,
        CreateTopicsRequest,
    )
}


class Way(Enum):
    """How a broker is out."""

    REFUSES = "every answer is an error"
    WAITS = "answers come when it is over"
    RESETS = "connections break and none is accepted"
    VANISHES = "nothing is heard of it any more"


@dataclass(kw_only=True)
class Outage:
    """When a broker is out, and how; for ever when it has no end."""

    broker: int
    way: Way
    from_s: float
    until_s: float = float("inf")


@dataclass(kw_only=True)
class Kafka:
    """Who leads what, which broker is out, and which groups were joined and left."""

    leaders: dict[str, int]
    controller: int = 0
    outage: Outage | None = None
    epoch: int = 0
    joined: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)

    def move_everything_to(self, broker: int) -> None:
        """Let another broker lead everything."""
        self.leaders = dict.fromkeys(self.leaders, broker)
        self.controller, self.epoch = broker, self.epoch + 1

    def outage_of(self, broker: int, now_s: float) -> Outage | None:
        """Return the outage that a broker has now."""
        outage = self.outage
        is_out = outage is not None and outage.broker == broker and outage.from_s <= now_s < outage.until_s
        return outage if is_out else None

    def answer(self, broker: int, request: Any, *, refuses: bool) -> Any:
        """Return a broker's answer to a request."""
        error = NOT_THE_RIGHT_BROKER if refuses else 0
        return ANSWERS[type(request)](self, broker, request, error)

    def _metadata(self, _: int, request: Any, __: int) -> Any:
        brokers = [
            MetadataResponse.MetadataResponseBroker(node_id=one, host=f"kafka-{one}", port=PORT, rack=None)
            for one in range(2)
        ]
        topic_of = MetadataResponse.MetadataResponseTopic
        wanted = {topic.name for topic in request.topics}
        by_topic: dict[str, list[Any]] = {name: [] for name in wanted}
        for key, leader in self.leaders.items():
            name, index = place(key)
            if name in wanted:
                by_topic[name].append(
                    topic_of.MetadataResponsePartition(
                        error_code=0,
                        partition_index=index,
                        leader_id=leader,
                        leader_epoch=self.epoch,
                        replica_nodes=[0, 1],
                        isr_nodes=[0, 1],
                        offline_replicas=[],
                    )
                )
        topics = [
            topic_of(error_code=0, name=name, is_internal=False, partitions=partitions)
            for name, partitions in by_topic.items()
        ]
        return MetadataResponse(
            version=7, throttle_time_ms=0, brokers=brokers, cluster_id="x", controller_id=self.controller, topics=topics
        )

    def _fetch(self, broker: int, request: Any, error: int) -> Any:
        (topic,) = request.topics
        (partition,) = topic.partitions
        if self.leaders[key_of(topic.topic, partition.partition)] != broker:
            error = NOT_THE_RIGHT_BROKER
        topic_of = FetchResponse.FetchableTopicResponse
        read = topic_of.PartitionData(
            partition_index=partition.partition,
            error_code=error,
            high_watermark=1,
            last_stable_offset=1,
            aborted_transactions=[],
            records=b"" if error else b"a record",
        )
        return FetchResponse(version=4, throttle_time_ms=0, responses=[topic_of(topic=topic.topic, partitions=[read])])

    def _commit(self, _: int, request: Any, error: int) -> Any:
        topic_of = OffsetCommitResponse.OffsetCommitResponseTopic
        done = topic_of.OffsetCommitResponsePartition(partition_index=0, error_code=error)
        return OffsetCommitResponse(version=2, topics=[topic_of(name=request.topics[0].name, partitions=[done])])

    def _join(self, _: int, request: Any, error: int) -> Any:
        self.joined.add(request.group_id)
        return JoinGroupResponse(
            version=2,
            throttle_time_ms=0,
            error_code=error,
            generation_id=1,
            protocol_name="probe",
            leader="a-member",
            member_id="" if error else "a-member",
            members=[],
        )

    def _sync(self, _: int, __: Any, error: int) -> Any:
        return SyncGroupResponse(version=1, throttle_time_ms=0, error_code=error, assignment=b"")

    def _leave(self, _: int, request: Any, error: int) -> Any:
        self.left.add(request.group_id)
        return LeaveGroupResponse(version=1, throttle_time_ms=0, error_code=error)

    def _delete(self, _: int, request: Any, __: int) -> Any:
        self.left.update(request.groups_names)
        return DeleteGroupsResponse(version=1, throttle_time_ms=0, results=[])

    def _create(self, broker: int, request: Any, error: int) -> Any:
        if self.controller != broker:
            error = NOT_THE_RIGHT_BROKER
        assert request.validate_only, "probes create nothing"
        told = CreateTopicsResponse.CreatableTopicResult(
            name=request.topics[0].name, error_code=error, error_message=None
        )
        return CreateTopicsResponse(version=2, throttle_time_ms=0, topics=[told])


ANSWERS: dict[type, Callable[[Kafka, int, Any, int], Any]] = {
    MetadataRequest: Kafka._metadata,
    FetchRequest: Kafka._fetch,
    OffsetCommitRequest: Kafka._commit,
    JoinGroupRequest: Kafka._join,
    SyncGroupRequest: Kafka._sync,
    LeaveGroupRequest: Kafka._leave,
    DeleteGroupsRequest: Kafka._delete,
    CreateTopicsRequest: Kafka._create,
}


class Transport(asyncio.Transport):
    """One connection to a broker, which answers its requests in turn."""

    def __init__(self, loop: KafkaLoop, broker: int, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop, self._broker, self._protocol = loop, broker, protocol
        self._is_closed = False
        self._free_s = 0.0
        self._known: set[str] = set()

    def is_closing(self) -> bool:
        return self._is_closed

    def abort(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def write(self, data: Any) -> None:
        """Take one request, and answer it when the broker comes to it."""
        outage = self._loop.kafka.outage_of(self._broker, self._loop.time())
        if self._is_closed or (outage and outage.way is Way.VANISHES):
            return
        if outage and outage.way is Way.RESETS:
            self.abort()
            return
        refuses = outage is not None and outage.way is Way.REFUSES
        begins_s = outage.until_s if outage and outage.way is Way.WAITS else self._loop.time()
        key, version, number = struct.unpack(">hhi", bytes(data[4:12]))
        request = API[key].decode(bytes(data[4:]), version=version, header=True)
        first = isinstance(request, JoinGroupRequest) and not request.member_id
        self._free_s = max(self._free_s, begins_s) + ANSWER_S + (FIRST_JOIN_S if first else 0)
        self._loop.call_at(self._free_s, self._answer, request, number, refuses)

    def _answer(self, request: Any, number: int, refuses: bool) -> None:
        if self._is_closed:
            return
        answer = self._loop.kafka.answer(self._broker, request, refuses=refuses)
        answer.with_header(correlation_id=number)
        self._protocol.data_received(bytes(answer.encode(header=True, framed=True)))


class KafkaLoop(VirtualLoop):
    """An event loop in virtual time whose network is that Kafka."""

    def __init__(self, kafka: Kafka) -> None:
        super().__init__()
        self.kafka = kafka
        self._transports: list[tuple[int, Transport]] = []
        if kafka.outage is not None and kafka.outage.way is Way.RESETS:
            self.call_at(kafka.outage.from_s, self._reset, kafka.outage.broker)

    def _reset(self, broker: int) -> None:
        for number, transport in self._transports:
            if number == broker:
                transport.abort()

    async def create_connection(  # type: ignore[override]
        self, factory: Callable[[], asyncio.Protocol], host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        assert port == PORT
        broker = int(host.rpartition("-")[2])
        outage = self.kafka.outage_of(broker, self.time())
        if outage and outage.way is Way.RESETS:
            raise ConnectionRefusedError
        if outage and outage.way is Way.VANISHES:
            await asyncio.sleep(1e6)
        protocol = factory()
        transport = Transport(self, broker, protocol)
        self._transports.append((broker, transport))
        protocol.connection_made(transport)
        return transport, protocol
