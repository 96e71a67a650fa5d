"""The producer engine: `python -m harness.clients.engine.produce ORDER` sends on demand and leaves a trace."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from harness.clients.engine.committing import CommittingSender
from harness.clients.engine.demand import demand_of
from harness.clients.engine.lifetime import Lifetime
from harness.clients.engine.orders import ProducerOrder
from harness.clients.engine.sender import Sender
from harness.clients.handles import Producer
from harness.clients.settings import Settings, load_producer
from harness.measuring.meter import Meter
from harness.measuring.trace import TraceWriter

METADATA_TIMEOUT_S = 10
START_TIMEOUT_S = 30


def settings_of(order: ProducerOrder) -> Settings:
    """Return the settings of the client that an order asks for; the producers of a load share an id, so a quota too."""
    settings = {**load_producer(order.bootstrap, order.traffic.sending), "client.id": order.topic}
    if order.traffic.sending.transaction_records:
        settings["transactional.id"] = f"{order.topic}-{order.name}"
        # The client refuses to wait for a record for longer than for its transaction.
        settings["transaction.timeout.ms"] = settings["delivery.timeout.ms"]
    return settings


def main(path: Path) -> None:
    """Run one producer as ordered."""
    order, lifetime = ProducerOrder.read(path), Lifetime()
    client = Producer(settings_of(order))
    client.list_topics(order.topic, timeout=METADATA_TIMEOUT_S)  # or the first record would wait for the metadata
    kind = Sender
    if order.traffic.sending.transaction_records:
        kind = CommittingSender
        client.init_transactions(START_TIMEOUT_S)
    with Path(order.trace).open("x", encoding="utf-8") as file:
        trace = TraceWriter(file)
        meter = Meter(order.name, started_ns=order.started_ns, sink=trace.frame, cpu_s=time.process_time)
        sender = kind(order, client=client, meter=meter, demand=demand_of(order), clock_ns=order.clock_ns)
        trace.ledger(sender.run(is_over=lambda: lifetime.over))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
