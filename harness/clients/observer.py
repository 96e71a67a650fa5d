"""An observer process: it does not read or write, it asks again and again where logs end and where groups stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaException, TopicPartition

from harness.clients.handles import Consumer
from harness.clients.places import key_of, keys_of, place
from harness.clients.processes import Process, Scene
from harness.clients.settings import Isolation, plain_consumer
from harness.journal import Journal
from harness.ops import OpType

OBSERVE_EVERY_S = 1.0
ANSWER_TIMEOUT_S = 2.0


class Lookout:
    """What an observer asks: watermarks of all keys, and the committed offsets of groups.

    Groups are asked as a consumer asks, by clients that never become members: the admin requests for groups end the
    process when there is no coordinator (docs/adr/0005-asking-for-coordinators.md).
    """

    def __init__(self, bootstrap: str, *, topics: Mapping[str, int], groups: Sequence[str], stack: ExitStack) -> None:
        self._keys = keys_of(topics)
        settings = plain_consumer(bootstrap, group="observer", isolation=Isolation.UNCOMMITTED)
        self._watcher = _closed_by(stack, Consumer(settings))
        self._outsiders = {
            group: _closed_by(stack, Consumer(plain_consumer(bootstrap, group=group))) for group in groups
        }

    def look(self, process: int | str, journal: Journal) -> None:
        """Journal one observation from its first question to its last answer; what nobody answered is left out."""
        journal.append(process=process, type=OpType.INVOKE, f="observe", value=[])
        seen = [*self._watermarks(), *self._committed()]
        journal.append(process=process, type=OpType.OK, f="observe", value=seen)

    def _watermarks(self) -> Iterator[list[object]]:
        lows, highs = self._ask(OFFSET_BEGINNING), self._ask(OFFSET_END)
        for key in self._keys:
            figures: dict[str, int] = {}
            if key in lows:
                figures["low"] = lows[key].offset
            if key in highs:
                figures["high"] = highs[key].offset
                if (epoch := highs[key].leader_epoch) is not None:
                    figures["leader-epoch"] = epoch
            if figures:
                yield ["watermarks", key, figures]

    def _ask(self, which: int) -> dict[str, TopicPartition]:
        """Ask the leader of each key for an end of its log; those that did not answer are missing."""
        wanted = [TopicPartition(*place(key), which) for key in self._keys]
        try:
            answers = self._watcher.offsets_for_times(wanted, timeout=ANSWER_TIMEOUT_S)
        except KafkaException:
            return {}
        return {key_of(told.topic, told.partition): told for told in answers if told.error is None and told.offset >= 0}

    def _committed(self) -> Iterator[list[object]]:
        wanted = [TopicPartition(*place(key)) for key in self._keys]
        for group, outsider in self._outsiders.items():
            try:
                answers = outsider.committed(wanted, timeout=ANSWER_TIMEOUT_S)
            except KafkaException:
                continue
            yield ["committed", group, {key_of(t.topic, t.partition): t.offset for t in answers if t.offset >= 0}]


def _closed_by(stack: ExitStack, consumer: Consumer) -> Consumer:
    stack.callback(consumer.close)
    return consumer


class Observer(Process):
    """Looks out at an even pace, and once more at the very end."""

    def __init__(self, *, scene: Scene, topics: Mapping[str, int], groups: Sequence[str]) -> None:
        super().__init__("observer")
        self._scene, self._topics, self._groups = scene, topics, groups

    def _run(self) -> None:
        process = next(self._scene.numbers)
        with ExitStack() as stack:
            lookout = Lookout(self._scene.bootstrap, topics=self._topics, groups=self._groups, stack=stack)
            while True:
                over = self._stopping.is_set()
                lookout.look(process, self._scene.journal)
                if over:
                    return
                self._stopping.wait(OBSERVE_EVERY_S)
