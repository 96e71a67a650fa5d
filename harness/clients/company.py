"""The company of a transactional traffic: who writes in transactions, who transforms, who reads, and who only looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from harness.clients.consumer import FollowingConsumer
from harness.clients.observer import Lookout, Observer
from harness.clients.places import keys_of
from harness.clients.processes import Process, Scene
from harness.clients.settings import Isolation
from harness.clients.subscriber import Subscriber
from harness.clients.transaction import close_transactions
from harness.clients.transactional import Habit, TransactionalProducer
from harness.clients.transformer import Transformer
from harness.journal import Journal

FINAL_OBSERVER = "final-observer"


@dataclass(frozen=True, kw_only=True)
class Transactions:
    """How much of a traffic is transactional: `name` begins the transactional ids and the names of the groups.

    Without a `target`, a topic with as many partitions, nobody transforms.
    """

    name: str
    writers: int = 2
    pause_s: float = 0.2
    target: str | None = None
    transformers: int = 1
    subscribers: int = 2
    habit: Habit = field(default_factory=Habit)
    transformer_habit: Habit = field(default_factory=lambda: Habit(abort_every=10, abandon_every=40))

    @property
    def targets(self) -> tuple[str, ...]:
        return () if self.target is None else (self.target,)

    @property
    def transforming_group(self) -> str:
        return f"{self.name}-transformers"

    @property
    def subscribed_group(self) -> str:
        return f"{self.name}-subscribers"

    @property
    def writer_ids(self) -> tuple[str, ...]:
        return tuple(f"{self.name}-writer-{number}" for number in range(self.writers))

    @property
    def transformer_ids(self) -> tuple[str, ...]:
        return tuple(f"{self.name}-transformer-{number}" for number in range(self.transformers if self.target else 0))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups whose progress is observed."""
        transforming = (self.transforming_group,) if self.transformer_ids else ()
        return (*transforming, *((self.subscribed_group,) if self.subscribers else ()))

    def processes(self, scene: Scene, topic: str, *, partitions: int) -> Iterator[Process]:
        """Give the processes, from the last reader to the first writer."""
        topics = dict.fromkeys((topic, *self.targets), partitions)
        yield Observer(scene=scene, topics=topics, groups=self.groups)
        for isolation in Isolation:
            yield FollowingConsumer(
                next(scene.numbers),
                topics=topics,
                bootstrap=scene.bootstrap,
                journal=scene.journal,
                isolation=isolation,
            )
        for number in range(self.subscribers):
            name = f"{self.subscribed_group}-{number}"
            yield Subscriber(name, scene=scene, group=self.subscribed_group, topics=[self.target or topic])
        for transactional_id in self.transformer_ids:
            yield Transformer(
                transactional_id,
                scene=scene,
                group=self.transforming_group,
                source=topic,
                target=self.target or topic,
                habit=self.transformer_habit,
            )
        keys = keys_of({topic: partitions})
        for transactional_id in self.writer_ids:
            yield TransactionalProducer(
                transactional_id, scene=scene, keys=keys, habit=self.habit, pause_s=self.pause_s
            )

    def settle(self, bootstrap: str, topic: str, *, partitions: int, journal: Journal) -> None:
        """After the processes have stopped: end what they left open, and note where the groups stand."""
        close_transactions(bootstrap, (*self.writer_ids, *self.transformer_ids))
        topics = dict.fromkeys((topic, *self.targets), partitions)
        with ExitStack() as stack:
            Lookout(bootstrap, topics=topics, groups=self.groups, stack=stack).look(FINAL_OBSERVER, journal)
