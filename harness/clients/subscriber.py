"""A consumer process that is a member of a group: it reads its share and commits every batch before the next."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaException

from harness.clients.membership import Given, Membership
from harness.clients.outcomes import outcome_of_offset_commit
from harness.clients.processes import Lives, Scene
from harness.clients.settings import plain_consumer
from harness.ops import OpType


class Subscriber(Lives):
    """One member of a group."""

    def __init__(self, name: str, *, scene: Scene, group: str, topics: Sequence[str]) -> None:
        super().__init__(name, scene=scene)
        self._group, self._topics = group, tuple(topics)

    def _live(self, process: int) -> None:
        self._scene.journal.append(process=process, type=OpType.OK, f="subscribe", value=list(self._topics))
        with Membership(plain_consumer(self._scene.bootstrap, group=self._group), self._topics) as member:
            certain = True
            while certain and not self._stopping.is_set():
                given = member.poll(at_most=200, timeout_s=0.1)
                note_poll(given, group=self._group, process=process, scene=self._scene)
                certain = not given.records or self._commits(member, given, process)

    def _commits(self, member: Membership, given: Given, process: int) -> bool:
        """Commit what was given, and say whether it is known how that ended."""
        journal, value = self._scene.journal, given.next_offsets
        journal.append(process=process, type=OpType.INVOKE, f="commit", value=value)
        extra: dict[str, object] = {"group": self._group}
        error = None
        try:
            member.commit(value)
        except KafkaException as refused:
            error = refused.args[0]
            extra["error"] = error.name()
        outcome = outcome_of_offset_commit(error)
        journal.append(process=process, type=outcome, f="commit", value=value, extra=extra)
        return outcome is not OpType.INFO


def note_poll(given: Given, *, group: str, process: int, scene: Scene) -> None:
    """Journal a poll that brought something: records, or another share."""
    if given.records or given.rebalances:
        value = [["poll", given.records]] if given.records else [["poll"]]
        extra = {"group": group, **given.rebalance_log}
        scene.journal.append(process=process, type=OpType.OK, f="poll", value=value, extra=extra)
