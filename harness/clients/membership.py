"""Membership in a consumer group, as the member sees it: what it is given, what it owns, and what is taken from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from confluent_kafka import KafkaException, TopicPartition

from harness.clients.consumer import Records, ends_in, records_in
from harness.clients.handles import Consumer
from harness.clients.patience import LEFT_BEHIND_AFTER_S, within
from harness.clients.places import key_of, place
from harness.clients.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Given:
    """What one poll brought: records by key, and how the member's share changed since the last one."""

    records: Records
    rebalances: tuple[Mapping[str, object], ...]

    @property
    def next_offsets(self) -> dict[str, int]:
        """The offsets behind the records."""
        return {key: records[-1][0] + 1 for key, records in self.records.items()}

    @property
    def rebalance_log(self) -> dict[str, object]:
        """The field of the operation, if there is anything to tell."""
        return {"rebalance-log": list(self.rebalances)} if self.rebalances else {}


class Membership:
    """A context with one subscribed consumer; it leaves the group in order."""

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        self.group = str(settings["group.id"])
        self._changes: list[Mapping[str, object]] = []
        self._owned: set[str] | None = None
        self._at_end: set[str] = set()
        self._consumer = Consumer({**settings, "enable.partition.eof": True})
        self._consumer.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)

    def __enter__(self) -> Membership:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Leaving in order waits for the coordinator; a member that cannot is missed when its session is over.
        with suppress(KafkaException):
            within(LEFT_BEHIND_AFTER_S, self._consumer.close)

    def poll(self, *, at_most: int, timeout_s: float) -> Given:
        """Take records, and whatever happened to the member's share."""
        messages = self._consumer.consume(at_most, timeout_s)
        records = records_in(messages)
        # A client reports an end once, behind the last record before it.
        self._at_end = (self._at_end - records.keys()) | ends_in(messages).keys()
        changes, self._changes = tuple(self._changes), []
        return Given(records=records, rebalances=changes)

    @property
    def has_share(self) -> bool:
        """Say whether the member owns partitions now."""
        return self._owned is not None

    @property
    def is_at_end(self) -> bool:
        """Say whether the member has a share and was given everything of it."""
        return self._owned is not None and self._owned <= self._at_end

    @property
    def as_metadata(self) -> object:
        """The member's identity, by which a coordinator refuses one that is no longer a member."""
        return self._consumer.consumer_group_metadata()

    def rewind(self, records: Records) -> None:
        """Take these records again with the next poll."""
        for key, given in records.items():
            self._at_end.discard(key)
            self._consumer.seek(TopicPartition(*place(key), given[0][0]))

    def commit(self, next_offsets: Mapping[str, int]) -> None:
        """Commit and wait for the answer; raise KafkaException for any other than yes."""
        positions = [TopicPartition(*place(key), offset) for key, offset in next_offsets.items()]
        self._consumer.commit(offsets=positions, asynchronous=False)

    def _assigned(self, _: object, partitions: Sequence[TopicPartition]) -> None:
        self._note("assigned", partitions)
        # No partition is no share: who has nothing to read has not read everything.
        self._owned = (self._owned or set()) | _keys(partitions) or None

    def _revoked(self, _: object, partitions: Sequence[TopicPartition]) -> None:
        self._note("revoked", partitions)
        self._owned = (self._owned or set()) - _keys(partitions) or None

    def _lost(self, _: object, partitions: Sequence[TopicPartition]) -> None:
        self._note("lost", partitions)
        self._owned = (self._owned or set()) - _keys(partitions) or None

    def _note(self, what: str, partitions: Sequence[TopicPartition]) -> None:
        self._changes.append({"type": what, "keys": sorted(_keys(partitions))})
        self._at_end -= _keys(partitions)


def _keys(partitions: Sequence[TopicPartition]) -> set[str]:
    return {key_of(one.topic, one.partition) for one in partitions}
