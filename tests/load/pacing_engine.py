"""An engine that needs no cluster and is never late: what it sends to its own partition is acknowledged at once.

A consumer reads, when it is told to finish, what the producer of its number sent. A cluster that loses a record or
answers late is played when the environment says so; LOSES and LATE are its variables.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from harness.clients.engine.demand import demand_of
from harness.clients.engine.lifetime import Lifetime
from harness.clients.engine.orders import ConsumerOrder, ProducerOrder
from harness.measuring.ledger import ConsumerLedger, ProducerLedger, Run, stream
from harness.measuring.meter import Meter
from harness.measuring.trace import TraceWriter
from harness.waiting import MonotonicClock

CLOCK = MonotonicClock()
LOSES = "FAKE_CLUSTER_LOSES"
LATE = "FAKE_CLUSTER_IS_LATE"


def produce(order: ProducerOrder, meter: Meter, is_over: Callable[[], bool]) -> ProducerLedger:
    """Send what is due; a late cluster answers everything only in the end."""
    demand, sent = demand_of(order), 0
    late: list[int] = []
    while not is_over():
        now_ns = order.clock_ns()
        due = demand.due(now_ns, sent=sent, unanswered=0)
        for moment in due:  # each as if it was sent when it was due, however busy this machine is
            meter.sent(now_ns=int(moment), intended_ns=np.array([moment]))
            if LATE in os.environ:
                late.append(int(moment))
            else:
                meter.acknowledged(now_ns=int(moment), intended_ns=np.array([moment]), size=1)
        meter.roll(now_ns)
        sent += len(due)
        CLOCK.pause_s(demand.wait_s(order.clock_ns(), sent=sent) if sent else 0.01)
    answered = np.array(late, dtype=np.int64)
    meter.acknowledged(now_ns=order.clock_ns(), intended_ns=answered, size=len(answered))
    sent_file(order.topic, order.number).write_text(str(sent))
    name = stream(order.number, order.number)
    return ProducerLedger(sent={name: sent}, acknowledged={name: runs(sent)})


def consume(order: ConsumerOrder, meter: Meter, is_over: Callable[[], bool]) -> ConsumerLedger:
    """Wait to be told to finish, then read what was sent."""
    while not is_over():
        meter.roll(order.clock_ns())
        CLOCK.pause_s(0.05)
    read = int(sent_file(order.topic, order.number).read_text()) - (LOSES in os.environ)
    now_ns = order.clock_ns()
    meter.consumed(now_ns=now_ns, intended_ns=np.full(read, now_ns - 2_000_000), size=read)
    return ConsumerLedger(
        reads={stream(order.number, order.number): runs(read)}, disordered=0, reading_s=1.0, reached_end=True
    )


def runs(count: int) -> tuple[Run, ...]:
    """Return so many sequences, each marked once."""
    return ((0, count - 1, 1),) if count else ()


def sent_file(topic: str, number: int) -> Path:
    """Return where a producer says how much it sent."""
    return Path(gettempdir()) / f"{topic}-{number}"


def main(path: Path) -> None:
    """Play the engine of an order."""
    lifetime, fields = Lifetime(), json.loads(path.read_text(encoding="utf-8"))
    order = ProducerOrder.read(path) if "producers" in fields else ConsumerOrder.read(path)
    with Path(order.trace).open("x", encoding="utf-8") as file:
        trace = TraceWriter(file)
        meter = Meter(order.name, started_ns=order.started_ns, sink=trace.frame, cpu_s=time.process_time)
        if isinstance(order, ProducerOrder):
            trace.ledger(produce(order, meter, lambda: lifetime.over))
        else:
            trace.ledger(consume(order, meter, lambda: lifetime.over))
        meter.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
