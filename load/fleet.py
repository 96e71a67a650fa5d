"""The fleet: the engine processes of one load, started, followed and finished in order."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.clients.engine.orders import ConsumerOrder, LoadOrder, ProducerOrder
from harness.measuring.frames import Frame
from harness.measuring.trace import SUFFIX, parse
from harness.runclock import NS_PER_S
from harness.waiting import TimedOut, wait_until

LEAD_S = 3.0
"""From the start of the test to the first record: engines load their libraries and connect meanwhile."""

GRACE_S = 10.0
"""What an engine may need beside its drain time to end in good order."""

PRODUCE = "harness.clients.engine.produce"
CONSUME = "harness.clients.engine.consume"


class Engine:
    """One engine process and the trace that it writes."""

    def __init__(self, module: str, order: ProducerOrder | ConsumerOrder) -> None:
        self.name = order.name
        self.produces = isinstance(order, ProducerOrder)
        self._trace = Path(order.trace)
        self._read = 0
        self._trace.unlink(missing_ok=True)
        path = self._trace.with_suffix(".order.json")
        order.write(path)
        self._child = subprocess.Popen([sys.executable, "-m", module, str(path)])

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def finish(self) -> None:
        """Tell the engine to end in good order; telling it again changes nothing."""
        if self.exit_code is None:
            self._child.terminate()

    def end(self) -> None:
        """End the engine, whatever it is doing; one that has ended is left alone."""
        if self.exit_code is None:
            self._child.kill()
            self._child.wait()

    def new_frames(self) -> tuple[Frame, ...]:
        """Return the frames that were written since the last call."""
        if not self._trace.exists():
            return ()
        with self._trace.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        return parse(whole.decode().splitlines()).frames


@dataclass(kw_only=True)
class Fleet:
    """All engines of one load; they share one start, so their seconds are the same seconds."""

    order: LoadOrder
    started_ns: int = 0
    engines: list[Engine] = field(default_factory=list)
    _producer_numbers: Iterator[int] = field(default_factory=itertools.count)
    _consumer_numbers: Iterator[int] = field(default_factory=itertools.count)

    def begin(self) -> None:
        """Set the moment of the first record; engines that are started after this keep to it."""
        self.engines.clear()
        self._producer_numbers, self._consumer_numbers = itertools.count(), itertools.count()
        self.started_ns = time.monotonic_ns() + int(LEAD_S * NS_PER_S)

    @property
    def size(self) -> int:
        """How many engines the order wants."""
        return self.order.producers + self.order.consumers

    def start_producer(self) -> Engine:
        number = next(self._producer_numbers)
        name = f"producer-{number}"
        order = ProducerOrder(
            name=name,
            number=number,
            bootstrap=self.order.bootstrap,
            topic=self.order.topic,
            partitions=self.order.partitions,
            record_bytes=self.order.record_bytes,
            linger_ms=self.order.linger_ms,
            rate_hz=self.order.rate_hz / self.order.producers,
            started_ns=self.started_ns,
            duration_s=self.order.duration_s,
            drain_s=self.order.drain_s,
            trace=self._trace(name),
        )
        return self._started(Engine(PRODUCE, order))

    def start_consumer(self) -> Engine:
        number = next(self._consumer_numbers)
        name = f"consumer-{number}"
        order = ConsumerOrder(
            name=name,
            number=number,
            bootstrap=self.order.bootstrap,
            topic=self.order.topic,
            partitions=tuple(range(number, self.order.partitions, self.order.consumers)),
            started_ns=self.started_ns,
            drain_s=self.order.drain_s,
            trace=self._trace(name),
        )
        return self._started(Engine(CONSUME, order))

    def _trace(self, name: str) -> str:
        return str(Path(self.order.folder) / f"{name}{SUFFIX}")

    def _started(self, engine: Engine) -> Engine:
        self.engines.append(engine)
        return engine

    def has_ended(self) -> bool:
        """Say whether every engine of the order was started and has ended."""
        return self._ending() and len(self.engines) == self.size

    def finish(self) -> None:
        """End in order, also before the schedule does: producers get their answers, then consumers read to the end."""
        for engine in self.engines:
            if engine.produces:
                engine.finish()
        with suppress(TimedOut):
            wait_until(self._ending, what="the end of all engines", timeout_s=2 * self.order.drain_s + GRACE_S)
        for engine in self.engines:
            engine.end()

    def _ending(self) -> bool:
        self._release_consumers()
        return self._all_ended()

    def _all_ended(self) -> bool:
        return all(engine.exit_code is not None for engine in self.engines)

    def _release_consumers(self) -> None:
        """Tell the consumers to finish when no producer is left: only then are the ends that they read to final."""
        if all(engine.exit_code is not None for engine in self.engines if engine.produces):
            for engine in self.engines:
                engine.finish()
