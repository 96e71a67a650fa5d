"""Asking: for each service the requests by which a cluster shows that it is served, and how the answers are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
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

from harness.clients.places import place
from harness.clients.probing.plan import CONTROLLER
from harness.clients.probing.wire import Connection
from harness.services import Service

PATIENCE_S = 1.0
"""When a probe without an answer is given up."""

MEMBER_MS = 600_000
"""How long a coordinator keeps a member that does not sync: longer than any trial."""

HANDLER_PATIENCE_S = 30.0
"""A request that waits for ZooKeeper holds one of the broker's few request handlers until ZooKeeper is back: were it
given up and asked again each second, the probes would soon have taken them all, and the data path with them."""

READ_COMMITTED = 1
NO_MEMBER = ""
FORGETS_THE_MEMBER = frozenset({"UnknownMemberIdError", "IllegalGenerationError"})


class Asking(ABC):
    """One service on one key: how the broker is asked that is thought to serve it."""

    service: Service

    def __init__(self, key: str) -> None:
        self.key = key

    @property
    def patience_s(self) -> float:
        """How long the next answer may take."""
        return PATIENCE_S

    @abstractmethod
    async def ask(self, connection: Connection) -> str | None:
        """Ask a broker once; return the name of an error, or None when it served."""

    async def leave(self, connection: Connection) -> None:  # noqa: B027 (most leave nothing behind)
        """Take away what the probes made in the cluster."""


def told(code: int) -> str | None:
    """Return the name of an error, None for none."""
    return str(for_code(code).__name__) if code else None


class Fetching(Asking):
    """The first record of a partition is read, as a reader of what is committed."""

    service = Service.FETCH

    async def ask(self, connection: Connection) -> str | None:
        answer = await connection.ask(self._request())
        partition = answer.responses[0].partitions[0]
        return told(partition.error_code) or (None if partition.records else "nothing was read")

    def _request(self) -> FetchRequest:
        topic, partition = place(self.key)
        topic_of = FetchRequest.FetchTopic
        wanted = topic_of.FetchPartition(partition=partition, fetch_offset=0, partition_max_bytes=1)
        return FetchRequest(
            version=4,
            replica_id=-1,
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=1,
            isolation_level=READ_COMMITTED,
            topics=[topic_of(topic=topic, partitions=[wanted])],
        )


class Committing(Asking):
    """A group without members commits an offset; its key is the partition in which its coordinator writes it down."""

    service = Service.COMMIT

    def __init__(self, key: str, *, group: str, topic: str) -> None:
        super().__init__(key)
        self._group, self._topic = group, topic

    async def ask(self, connection: Connection) -> str | None:
        answer = await connection.ask(self._request())
        return told(answer.topics[0].partitions[0].error_code)

    def _request(self) -> OffsetCommitRequest:
        topic_of = OffsetCommitRequest.OffsetCommitRequestTopic
        position = topic_of.OffsetCommitRequestPartition(
            partition_index=0, committed_offset=1, committed_metadata="", commit_timestamp=-1
        )
        return OffsetCommitRequest(
            version=2,
            group_id=self._group,
            generation_id_or_member_epoch=-1,
            member_id=NO_MEMBER,
            retention_time_ms=-1,
            topics=[topic_of(name=self._topic, partitions=[position])],
        )

    async def leave(self, connection: Connection) -> None:
        await connection.ask(DeleteGroupsRequest(version=1, groups_names=[self._group]))


class Joining(Asking):
    """The one member of a group joins it again, and has it written down once.

    A whole rebalance for each probe would write as many assignments, and brokers would be busy with the probes. So only
    the first join is synced: with that the member is known to whoever coordinates the group later. One that its
    coordinator does not know comes as a new one with the next probe, and waits for as long as brokers let the first
    member of a group wait for others.
    """

    service = Service.JOIN

    def __init__(self, key: str, *, group: str, first_join_s: float) -> None:
        super().__init__(key)
        self._group, self._first_join_s = group, first_join_s
        self._member, self._is_written = NO_MEMBER, False

    @property
    def patience_s(self) -> float:
        return PATIENCE_S if self._member else PATIENCE_S + self._first_join_s

    async def ask(self, connection: Connection) -> str | None:
        joined = await connection.ask(self._join())
        error = told(joined.error_code)
        if error is None and not self._is_written:
            self._member = joined.member_id
            synced = await connection.ask(self._sync(joined))
            error = told(synced.error_code)
            self._is_written = error is None
        if error in FORGETS_THE_MEMBER:
            self._member, self._is_written = NO_MEMBER, False
        return error

    def _join(self) -> JoinGroupRequest:
        return JoinGroupRequest(
            version=2,
            group_id=self._group,
            session_timeout_ms=MEMBER_MS,
            rebalance_timeout_ms=MEMBER_MS,
            member_id=self._member,
            protocol_type="probe",
            protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="probe", metadata=b"")],
        )

    def _sync(self, joined: Any) -> SyncGroupRequest:
        assignment_of = SyncGroupRequest.SyncGroupRequestAssignment
        return SyncGroupRequest(
            version=1,
            group_id=self._group,
            generation_id=joined.generation_id,
            member_id=joined.member_id,
            assignments=[assignment_of(member_id=joined.member_id, assignment=b"")],
        )

    async def leave(self, connection: Connection) -> None:
        await connection.ask(LeaveGroupRequest(version=1, group_id=self._group, member_id=self._member))
        await connection.ask(DeleteGroupsRequest(version=1, groups_names=[self._group]))


class Administering(Asking):
    """The controller is asked whether it would create a topic, for which it looks into ZooKeeper.

    Nothing is created: a topic for each probe would change the cluster that is looked at.
    """

    service = Service.ADMIN

    def __init__(self, *, wanted: str) -> None:
        super().__init__(CONTROLLER)
        self._wanted = wanted

    @property
    def patience_s(self) -> float:
        return HANDLER_PATIENCE_S

    async def ask(self, connection: Connection) -> str | None:
        wanted = CreateTopicsRequest.CreatableTopic(
            name=self._wanted, num_partitions=1, replication_factor=1, assignments=[], configs=[]
        )
        request = CreateTopicsRequest(version=2, topics=[wanted], timeout_ms=1000, validate_only=True)
        answer = await connection.ask(request)
        return told(answer.topics[0].error_code)
