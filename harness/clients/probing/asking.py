"""Asking: for each service the requests by which a cluster shows that it is served, and how the answers are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka.errors import for_code
from kafka.protocol.admin import CreateTopicsRequest, DeleteGroupsRequest
from kafka.protocol.consumer import (
    FetchRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    OffsetCommitRequest,
    SyncGroupRequest,
)
from kafka.protocol.metadata import MetadataRequest

from harness.clients.places import key_of, place
from harness.clients.probing.whereabouts import CONTROLLER
from harness.clients.probing.wire import Connection
from harness.services import Service

Told = Mapping[str, str | None]
"""What was told of each key: the name of an error, or None when it was served."""

MEMBER_MS = 60_000
"""How long a coordinator keeps the member of a probe: longer than any outage that a claim allows."""

READ_COMMITTED = 1
NO_MEMBER = ""
FORGETS_THE_MEMBER = frozenset({"UnknownMemberIdError", "IllegalGenerationError"})


class Asking(ABC):
    """One service: its keys, and how a broker is asked for some of them."""

    service: Service
    is_exclusive = False
    """Whether a key can be asked for only once at a time."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = keys

    @abstractmethod
    async def ask(self, connection: Connection, keys: Sequence[str]) -> Told:
        """Ask a broker for keys that it is thought to serve; each one is to be in what is returned."""

    async def leave(self, connection: Connection, key: str) -> None:  # noqa: B027 (most leave nothing behind)
        """Take away what the probes of a key made in the cluster."""


def told(code: int) -> str | None:
    """Return the name of an error, None for none."""
    return str(for_code(code).__name__) if code else None


class Fetching(Asking):
    """The first record of a partition is read, as a reader of what is committed; all keys of a broker at once."""

    service = Service.FETCH

    async def ask(self, connection: Connection, keys: Sequence[str]) -> Told:
        answer = await connection.ask(_fetch(keys))
        read = {
            key_of(topic.topic, partition.partition_index): told(partition.error_code)
            or (None if partition.records else "nothing was read")
            for topic in answer.responses
            for partition in topic.partitions
        }
        return {key: read.get(key, "no answer for it") for key in keys}


def _fetch(keys: Iterable[str]) -> FetchRequest:
    topic_of = FetchRequest.FetchTopic
    by_topic: dict[str, list[Any]] = {}
    for topic, partition in map(place, keys):
        wanted = topic_of.FetchPartition(partition=partition, fetch_offset=0, partition_max_bytes=1)
        by_topic.setdefault(topic, []).append(wanted)
    topics = [topic_of(topic=topic, partitions=partitions) for topic, partitions in by_topic.items()]
    return FetchRequest(
        version=4,
        replica_id=-1,
        max_wait_ms=0,
        min_bytes=0,
        max_bytes=1,
        isolation_level=READ_COMMITTED,
        topics=topics,
    )


class Committing(Asking):
    """A group without members commits an offset; its key is the partition in which its coordinator writes it down."""

    service = Service.COMMIT
    is_exclusive = False

    def __init__(self, groups: Mapping[str, str], *, topic: str) -> None:
        super().__init__(tuple(groups))
        self._groups, self._topic = groups, topic

    async def ask(self, connection: Connection, keys: Sequence[str]) -> Told:
        return {key: await self._commit(connection, self._groups[key]) for key in keys}

    async def _commit(self, connection: Connection, group: str) -> str | None:
        topic_of = OffsetCommitRequest.OffsetCommitRequestTopic
        position = topic_of.OffsetCommitRequestPartition(
            partition_index=0, committed_offset=1, committed_metadata="", commit_timestamp=-1
        )
        topics = [topic_of(name=self._topic, partitions=[position])]
        request = OffsetCommitRequest(
            version=2,
            group_id=group,
            generation_id_or_member_epoch=-1,
            member_id=NO_MEMBER,
            retention_time_ms=-1,
            topics=topics,
        )
        answer = await connection.ask(request)
        return told(answer.topics[0].partitions[0].error_code)

    async def leave(self, connection: Connection, key: str) -> None:
        await connection.ask(DeleteGroupsRequest(version=1, groups_names=[self._groups[key]]))


class Joining(Asking):
    """The one member of a group joins it again: a whole rebalance, from the request to its written assignment.

    A member that its coordinator does not know any more comes as a new one with the next probe, and waits for as long
    as brokers let the first member of a group wait.
    """

    service = Service.JOIN
    is_exclusive = True

    def __init__(self, groups: Mapping[str, str]) -> None:
        super().__init__(tuple(groups))
        self._groups = groups
        self._members: dict[str, str] = {}

    async def ask(self, connection: Connection, keys: Sequence[str]) -> Told:
        return {key: await self._join(connection, key) for key in keys}

    async def _join(self, connection: Connection, key: str) -> str | None:
        group = self._groups[key]
        joined = await connection.ask(_join(group, self._members.get(key, NO_MEMBER)))
        error = told(joined.error_code)
        if error is None:
            self._members[key] = joined.member_id
            synced = await connection.ask(_sync(group, joined))
            error = told(synced.error_code)
        if error in FORGETS_THE_MEMBER:
            self._members.pop(key, None)
        return error

    async def leave(self, connection: Connection, key: str) -> None:
        group = self._groups[key]
        await connection.ask(LeaveGroupRequest(version=1, group_id=group, member_id=self._members.get(key, NO_MEMBER)))
        await connection.ask(DeleteGroupsRequest(version=1, groups_names=[group]))


def _join(group: str, member: str) -> JoinGroupRequest:
    return JoinGroupRequest(
        version=2,
        group_id=group,
        session_timeout_ms=MEMBER_MS,
        rebalance_timeout_ms=MEMBER_MS,
        member_id=member,
        protocol_type="probe",
        protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="probe", metadata=b"")],
    )


def _sync(group: str, joined: Any) -> SyncGroupRequest:
    assignment_of = SyncGroupRequest.SyncGroupRequestAssignment
    return SyncGroupRequest(
        version=1,
        group_id=group,
        generation_id=joined.generation_id,
        member_id=joined.member_id,
        assignments=[assignment_of(member_id=joined.member_id, assignment=b"")],
    )


class Administering(Asking):
    """The controller is asked whether it would create a topic, for which it looks into ZooKeeper, and describes one.

    Nothing is created: twenty topics per second would change the cluster that is looked at.
    """

    service = Service.ADMIN

    def __init__(self, *, topic: str, wanted: str) -> None:
        super().__init__((CONTROLLER,))
        self._topic, self._wanted = topic, wanted

    async def ask(self, connection: Connection, keys: Sequence[str]) -> Told:
        error = await self._create(connection) or await self._describe(connection)
        return dict.fromkeys(keys, error)

    async def _create(self, connection: Connection) -> str | None:
        wanted = CreateTopicsRequest.CreatableTopic(
            name=self._wanted, num_partitions=1, replication_factor=1, assignments=[], configs=[]
        )
        request = CreateTopicsRequest(version=2, topics=[wanted], timeout_ms=1000, validate_only=True)
        answer = await connection.ask(request)
        return told(answer.topics[0].error_code)

    async def _describe(self, connection: Connection) -> str | None:
        wanted = MetadataRequest.MetadataRequestTopic(name=self._topic)
        request = MetadataRequest(version=7, topics=[wanted], allow_auto_topic_creation=False)
        answer = await connection.ask(request)
        return told(answer.topics[0].error_code)
