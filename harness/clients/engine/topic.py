"""The topic of a load, kept: `python -m harness.clients.engine.topic ORDER` makes it and deletes it at its own end.

It ends when its standard input does, and so also when whoever started it was killed.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path

from harness.clients.admin import Admin, NoAnswer
from harness.clients.engine.orders import LoadOrder
from harness.waiting import TimedOut

MADE = "made"
"""The first line when the topic is there and everybody knows it; any other says why it is not."""


def made(order: LoadOrder, admin: Admin) -> str:
    """Make the topic; return `MADE`, or why it was not made. One that is there already is somebody else's."""
    try:
        if order.topic in admin.topics():
            return f"there is a topic {order.topic} already, and the one of a load is made and deleted by it"
        admin.create_topic(
            order.topic,
            partitions=order.traffic.partitions,
            replication_factor=order.traffic.replication_factor,
            config={"retention.ms": "-1"},  # nothing goes away while it may still be read
        )
    except NoAnswer as refused:
        return f"the brokers {order.bootstrap} do not make the topic {order.topic}: {refused.args[0].str()}"
    except TimedOut as late:
        admin.delete_topic(order.topic)
        return f"the topic {order.topic} was not ready in time: {late}"
    return MADE


def main(path: Path) -> None:
    """Keep the topic of an order."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # ^C reaches the whole group; the topic is still written to
    order = LoadOrder.read(path)
    admin = Admin(order.bootstrap)
    said = made(order, admin)
    with suppress(BrokenPipeError):  # nobody listens any more
        print(said, flush=True)
        if said == MADE:
            sys.stdin.read()
    if said == MADE:
        admin.delete_topic(order.topic)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
