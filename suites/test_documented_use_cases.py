"""Documented use cases: the page's fragments are run after the programs that they belong to."""

from __future__ import annotations

import json

from harness.blocks import sends
from harness.claims import clause, expect_within
from harness.clients.groups import Groups
from harness.clients.sending import Outgoing, send
from harness.clients.tail import tail
from harness.cluster.pods import Cluster
from harness.coverage import checks
from harness.evidence import Evidence
from harness.reader import Reader
from harness.running import Program
from suites.documented.page import PageGroups, PageTopics

pytest_plugins = ("suites.documented.fixtures",)

USE_CASES = "Common Use Cases"
PRODUCER = "Usage / Producing Messages / Python (kafka-python)"
CONSUMER = "Usage / Consuming Messages / Python"
WRITTEN_S = 30
CONSUMED_S = 45

PROCESS_ORDER = """\
def process_order(order_id):
    print(f"process_order({order_id!r})", flush=True)

"""


@clause("DOC-13")
@checks(f"{USE_CASES} / Event Sourcing")
def test_event_sourcing(cluster: Cluster, reader: Reader, page_topics: PageTopics, evidence: Evidence) -> None:
    """The documented event-sourcing fragment stores its event whole, and it can be read again from the beginning.

    The fragment uses a `producer`; the page's Python producer makes it, and the fragment is run as written after it, in
    one session that stays open until the event is there. Two clients of another make, one after the other, must each
    read exactly that event from `user-events`.
    """
    _expect_stored(f"{USE_CASES} / Event Sourcing", cluster, reader, page_topics, evidence)


@clause("DOC-14")
@checks(f"{USE_CASES} / Stream Processing")
def test_stream_processing(
    cluster: Cluster, reader: Reader, groups: Groups, page_topics: PageTopics, page_groups: PageGroups
) -> None:
    """The documented stream-processing fragment acts on each order once and on nothing else.

    The fragment uses a `consumer`; the page's Python consumer makes it, and its endless loop is ended with ^C after it
    has printed one event. Then the fragment is run as written with a `process_order` that prints what it is given, as
    the page leaves that function to the reader. Five events are written to `events`, three of them orders, an order
    last; `process_order` must be called for these three, once each, in order, and the group must have no lag then.
    """
    name, group = page_topics.create("events"), page_groups.take("my-consumer-group")
    groups.commit_end(group, name)
    orders = [{"type": "order_created", "order_id": f"order-{number}"} for number in range(3)]
    others = [{"type": "user_signup", "user_id": "123"}, {"type": "order_cancelled", "order_id": "order-0"}]
    expected = [f"process_order('order-{number}')" for number in range(3)]
    steps = (CONSUMER, f"{USE_CASES} / Stream Processing")
    with reader.python(*steps, supplied=PROCESS_ORDER, closing="consumer.close()\n") as session:
        _send_json(cluster, name, [{"type": "first"}])
        expect_within(lambda: "Received:" in session.output, what="the first event printed", budget_s=CONSUMED_S)
        session.interrupt()
        expect_within(lambda: "session: interrupted" in session.output, what="the loop's end", budget_s=WRITTEN_S)
        _send_json(cluster, name, [orders[0], *others, *orders[1:]])
        expect_within(
            lambda: len(_calls(session)) >= len(expected),
            what="every order processed",
            budget_s=CONSUMED_S,
            detail=lambda: session.output,
        )
        session.interrupt()
    assert _calls(session) == expected, f"called {_calls(session)}, expected {expected}"
    lag = groups.lag(group, name)
    assert lag == {0: 0, 1: 0, 2: 0}, f"events were left unread: the group's lag by partition is {lag}"


@clause("DOC-15")
@checks(f"{USE_CASES} / Log Aggregation")
def test_log_aggregation(cluster: Cluster, reader: Reader, page_topics: PageTopics, evidence: Evidence) -> None:
    """The documented log-aggregation fragment puts its log entry into the central topic unchanged.

    The fragment is run as written after the page's Python producer, in one session that stays open until the entry is
    there. Two clients of another make must each read exactly that entry from `application-logs`.
    """
    _expect_stored(f"{USE_CASES} / Log Aggregation", cluster, reader, page_topics, evidence)


def _expect_stored(key: str, cluster: Cluster, reader: Reader, page_topics: PageTopics, evidence: Evidence) -> None:
    """Run a fragment that sends one message and see that its topic holds this message and no other."""
    (message,) = sends(reader.step(key))
    (setting_up,) = sends(reader.step(PRODUCER))
    page_topics.create(setting_up.topic)
    name = page_topics.create(message.topic)
    with tail(cluster.bootstrap, name) as first, tail(cluster.bootstrap, name) as second:
        with reader.python(PRODUCER, key):
            took_s = expect_within(lambda: len(first.records()) > 0, what="the message written", budget_s=WRITTEN_S)
        found = [[record.json for record in client.records()] for client in (first, second)]
    evidence.fact(written_after_s=round(took_s, 2), read_by_two_clients=found)
    expected = [[message.value], [message.value]]
    assert found == expected, f"two clients read {found}, expected {expected}"


def _calls(session: Program) -> list[str]:
    return [line for line in session.output.splitlines() if line.startswith("process_order(")]


def _send_json(cluster: Cluster, topic: str, values: list[dict[str, str]]) -> None:
    """Write the values to one partition, so that they are read in this order."""
    send(cluster.bootstrap, topic, [Outgoing(value=json.dumps(value).encode(), partition=0) for value in values])
