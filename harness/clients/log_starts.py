"""Where logs start: an observer that asks the leaders of some partitions ten times a second, on the run's clock."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType

from confluent_kafka import KafkaException, TopicPartition

from harness.checkers.retention import Sample
from harness.clients.handles import Consumer
from harness.clients.settings import Settings, plain_consumer
from harness.evidence import Series
from harness.runclock import RunClock

EVERY_S = 0.1
ANSWER_TIMEOUT_S = 1


class LogStarts:
    """A context in which the log starts of the partitions given to it are watched.

    A question that nobody answers leaves no sample: the gap is what the checkers then see. Each partition has a thread
    of its own, so that a leader that is slow to answer makes no gap in what is seen of the others.
    """

    def __init__(self, bootstrap: str, *, clock: RunClock, make: Callable[[Settings], Consumer] = Consumer) -> None:
        self.crash: BaseException | None = None
        self._clock = clock
        # A consumer, not the admin client: that one goes on asking a partition's former leader after a hand-over.
        self._consumer = make(plain_consumer(bootstrap, group="log-starts"))
        self._samples: dict[str, list[Sample]] = defaultdict(list)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def watch(self, topic: str, partitions: Iterable[int]) -> None:
        """Watch these partitions too, from now on."""
        for partition in partitions:
            place = TopicPartition(topic, partition)
            thread = threading.Thread(target=self._guarded_run, args=(place,), name="log-starts", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def observation(self) -> Mapping[str, tuple[Sample, ...]]:
        """What was seen so far."""
        return {place: tuple(samples) for place, samples in list(self._samples.items())}

    def __enter__(self) -> LogStarts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._consumer.close()

    def _guarded_run(self, place: TopicPartition) -> None:
        try:
            while not self._stop.wait(EVERY_S):
                self._ask(place)
        except BaseException as error:  # a dead thread must not look like logs that never move
            self.crash = error

    def _ask(self, place: TopicPartition) -> None:
        asked_s = self._clock.now_s()
        try:
            log_start, _ = self._consumer.get_watermark_offsets(place, timeout=ANSWER_TIMEOUT_S)
        except KafkaException:
            return
        sample = Sample(asked_s=asked_s, answered_s=self._clock.now_s(), log_start=int(log_start))
        self._samples[f"{place.topic}-{place.partition}"].append(sample)


def as_series(place: str, samples: Iterable[Sample]) -> Series:
    """Return a log's start over time for the report: the first sample, the last, and those where it moved."""
    points = [(sample.answered_s, float(sample.log_start)) for sample in samples]
    kept = [point for n, point in enumerate(points) if n in (0, len(points) - 1) or point[1] != points[n - 1][1]]
    return Series(name=f"log start of {place}", unit="offset", points=tuple(kept))
