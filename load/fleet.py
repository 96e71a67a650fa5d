"""The fleet: the engine processes of one load, started, followed and finished in order."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.clients.engine.orders import ConsumerOrder, LoadOrder, ProducerOrder
from harness.measuring.trace import SUFFIX
from harness.measuring.traffic import Traffic
from harness.waiting import TimedOut, wait_until

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
        self._told = False
        self._trace.unlink(missing_ok=True)
        path = self._trace.with_suffix(".order.json")
        order.write(path)
        self._child = subprocess.Popen([sys.executable, "-m", module, str(path)])

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def finish(self) -> None:
        """Tell the engine to end in good order, once: in its last moments it hears no signal, and would be killed."""
        if self.exit_code is None and not self._told:
            self._told = True
            self._child.terminate()

    def end(self) -> None:
        """End the engine, whatever it is doing; one that has ended is left alone."""
        if self.exit_code is None:
            self._child.kill()
            self._child.wait()

    def new_lines(self) -> tuple[str, ...]:
        """Return the whole lines of the trace that were written since the last call."""
        if not self._trace.exists():
            return ()
        with self._trace.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        return tuple(whole.decode().splitlines())


@dataclass(kw_only=True)
class Fleet:
    """The engines of one process of Locust; all fleets of a load share one start, so their seconds are the same."""

    order: LoadOrder
    """Its folder is this fleet's own: the traces go there, and the pace is there."""
    started_ns: int
    """The moment of the first record, on the clock of the load."""
    clock_offset_ns: int = 0
    engines: list[Engine] = field(default_factory=list)

    def start_producer(self, *, number: int, traffic: Traffic | None = None) -> Engine:
        """Start a producer; its records may be others than those of the order, on the same topic."""
        name = f"producer-{number}"
        order = ProducerOrder(
            name=name,
            number=number,
            producers=self.order.traffic.producers,
            bootstrap=self.order.bootstrap,
            topic=self.order.topic,
            traffic=traffic or self.order.traffic,
            folder=self.order.folder,
            started_ns=self.started_ns,
            clock_offset_ns=self.clock_offset_ns,
            drain_s=self.order.drain_s,
            trace=self._trace(name),
        )
        return self._started(Engine(PRODUCE, order))

    def start_consumer(self, *, number: int) -> Engine:
        """Start a consumer: the first ones are the first group, and so on; those of a group share the partitions."""
        name, traffic = f"consumer-{number}", self.order.traffic
        group, member = divmod(number, traffic.consumers)
        order = ConsumerOrder(
            name=name,
            number=number,
            bootstrap=self.order.bootstrap,
            topic=self.order.topic,
            group=f"{self.order.topic}-{group}",
            partitions=tuple(range(member, traffic.partitions, traffic.consumers)),
            traffic=traffic,
            folder=self.order.folder,
            started_ns=self.started_ns,
            clock_offset_ns=self.clock_offset_ns,
            drain_s=self.order.drain_s,
            trace=self._trace(name),
        )
        return self._started(Engine(CONSUME, order))

    def _trace(self, name: str) -> str:
        return str(Path(self.order.folder) / f"{name}{SUFFIX}")

    def _started(self, engine: Engine) -> Engine:
        self.engines.append(engine)
        return engine

    def finish_producers(self) -> None:
        """Tell the producers to stop sending, wait for their answers, and end."""
        for engine in self.engines:
            if engine.produces:
                engine.finish()

    def finish_consumers(self) -> None:
        """Tell the consumers to read to the end. While any producer of the load still sends, that end is not final."""
        for engine in self.engines:
            if not engine.produces:
                engine.finish()

    def finish(self) -> None:
        """End the engines of this process in order, also in the midst of the load, and whatever they are doing."""
        self.finish_producers()
        with suppress(TimedOut):
            wait_until(self._ending, what="the end of all engines", timeout_s=self.ending_s)
        for engine in self.engines:
            engine.end()

    @property
    def ending_s(self) -> float:
        """How long an end in order may take."""
        return 2 * self.order.drain_s + GRACE_S

    def _ending(self) -> bool:
        if all(engine.exit_code is not None for engine in self.engines if engine.produces):
            self.finish_consumers()
        return all(engine.exit_code is not None for engine in self.engines)
