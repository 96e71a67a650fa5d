"""A producer process that writes in transactions; some of them it aborts, and some it leaves open and falls silent."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException

from harness.clients.processes import Lives, Scene
from harness.clients.settings import transactional_producer
from harness.clients.transaction import Fate, Intent, TransactionalClient, transact


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How often a client does not go through with a transaction: every so many, counted from the first."""

    abort_every: int = 10
    abandon_every: int = 25

    def fate_of(self, number: int) -> Fate:
        """Return what becomes of transaction `number` of a process, counted from 1."""
        if number % self.abandon_every == 0:
            return Fate.ABANDON
        return Fate.ABORT if number % self.abort_every == 0 else Fate.COMMIT


class TransactionalProducer(Lives):
    """Writes transactions of two to five records to several partitions, one after the other, with a pause between."""

    def __init__(
        self, transactional_id: str, *, scene: Scene, keys: Sequence[str], habit: Habit, pause_s: float
    ) -> None:
        super().__init__(transactional_id, scene=scene)
        self._keys, self._habit, self._pause_s = keys, habit, pause_s
        self._dice = random.Random(transactional_id)  # the same id draws the same records
        self._numbers = itertools.count(1)
        self._settled = True

    def _is_over(self) -> bool:
        """Not before a successor has ended what was left open: readers of what is committed could not go on."""
        return self._stopping.is_set() and self._settled

    def _live(self, process: int) -> None:
        settings = transactional_producer(self._scene.bootstrap, transactional_id=self.name)
        with TransactionalClient(settings) as client:
            try:
                client.take_over()
            except KafkaException:
                return
            self._settled = True
            while self._settled and not self._stopping.wait(self._pause_s):
                number = next(self._numbers)
                intent = Intent(sends=self._records(process, number), fate=self._habit.fate_of(number))
                self._settled = transact(intent, client=client, process=process, journal=self._scene.journal).usable

    def _records(self, process: int, number: int) -> tuple[tuple[str, str], ...]:
        keys = self._dice.choices(self._keys, k=self._dice.randint(2, 5))
        return tuple((key, f"{process}:{number}.{place}") for place, key in enumerate(keys))
