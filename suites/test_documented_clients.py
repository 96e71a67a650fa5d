"""Documented clients: the page's Python and Node.js programs are run as written, and their effect is seen."""

from __future__ import annotations

import json
from collections.abc import Sequence

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

PRODUCING, CONSUMING = "Usage / Producing Messages", "Usage / Consuming Messages"
GROUP = "my-consumer-group"
NO_LAG = {0: 0, 1: 0, 2: 0}
NODEJS_CLOSING = "console.log('disconnecting');\nawait consumer.disconnect();\nawait producer.disconnect();"
WRITTEN_S = 30
CONSUMED_S = 45


@clause("DOC-09")
@checks(f"{PRODUCING} / Python (kafka-python)")
def test_python_producer(cluster: Cluster, reader: Reader, page_topics: PageTopics, evidence: Evidence) -> None:
    """The documented Python producer writes exactly its message to the documented topic.

    The topic `events` is made first, as topics do not make themselves. The page's program is run as written with
    kafka-python. A client of another make must then read from the topic exactly the JSON that the page sends.
    """
    key = f"{PRODUCING} / Python (kafka-python)"
    (message,) = sends(reader.step(key))
    name = page_topics.create(message.topic)
    with tail(cluster.bootstrap, name) as appended:
        with reader.python(key):
            pass
        found = [record.json for record in appended.records()]
    evidence.fact(read_from_the_topic=found)
    assert found == [message.value], f"the topic got {found}, expected {[message.value]}"


@clause("DOC-10")
@checks(f"{CONSUMING} / Python")
def test_python_consumer(
    cluster: Cluster, reader: Reader, groups: Groups, page_topics: PageTopics, page_groups: PageGroups
) -> None:
    """The documented Python consumer prints each message once and its group keeps its place.

    The page's program is run as written with kafka-python. Three JSON messages are written to `events`, one to each
    partition; the program must print each of them once. It never ends by itself, so it is ended with ^C and closed,
    and the group `my-consumer-group` must then have no lag.
    """
    name, group = page_topics.create("events"), page_groups.take(GROUP)
    groups.commit_end(group, name)
    values = [{"type": "user_signup", "user_id": str(number)} for number in range(3)]
    with reader.python(f"{CONSUMING} / Python", closing="consumer.close()\n") as session:
        _send_json(cluster, name, values)
        _expect_printed(session, [f"Received: {value}" for value in values])
        session.interrupt()
    lag = groups.lag(group, name)
    assert lag == NO_LAG, f"the group did not keep its place: its lag by partition is {lag}"


@clause("DOC-11")
@checks(f"{PRODUCING} / Node.js (kafkajs)")
def test_nodejs_producer(cluster: Cluster, reader: Reader, page_topics: PageTopics, evidence: Evidence) -> None:
    """The documented Node.js producer writes exactly its message to the documented topic.

    The topic `events` is made first. The page's program is run as written with kafkajs, inside an async function
    because it awaits at its top level. A client of another make must then read exactly the JSON that the page sends.
    """
    name = page_topics.create("events")
    with tail(cluster.bootstrap, name) as appended:
        with reader.node(f"{PRODUCING} / Node.js (kafkajs)", closing="await producer.disconnect();"):
            pass
        found = [record.json for record in appended.records()]
    evidence.fact(read_from_the_topic=found)
    expected = [{"type": "user_signup", "user_id": "123"}]
    assert found == expected, f"the topic got {found}, expected {expected}"


@clause("DOC-12")
@checks(f"{CONSUMING} / Node.js")
def test_nodejs_consumer(
    cluster: Cluster, reader: Reader, groups: Groups, page_topics: PageTopics, page_groups: PageGroups
) -> None:
    """The documented Node.js consumer prints each message once and its group keeps its place.

    The page's consumer uses the `kafka` of the page's producer, so both programs are run as written, one after the
    other. The producer's own message and three more, one in each partition of `events`, must be printed once each.
    The group `my-consumer-group` must then have no lag.
    """
    name, group = page_topics.create("events"), page_groups.take(GROUP)
    groups.commit_end(group, name)
    steps = (f"{PRODUCING} / Node.js (kafkajs)", f"{CONSUMING} / Node.js")
    with reader.node(*steps, closing=NODEJS_CLOSING) as session:
        _send_json(cluster, name, [{"type": "checked", "number": number} for number in range(3)])
        printed = [f"Received: {{ type: 'checked', number: {number} }}" for number in range(3)]
        _expect_printed(session, ["Received: { type: 'user_signup', user_id: '123' }", *printed])
        expect_within(lambda: groups.lag(group, name) == NO_LAG, what="the group keeping its place", budget_s=WRITTEN_S)
        session.end_input()
        expect_within(lambda: "disconnecting" in session.output, what="the clients closing", budget_s=WRITTEN_S)
        # kafkajs waits for its last fetch, up to 5 s for nothing; a record in each partition ends that at once.
        _send_json(cluster, name, ["the end"] * 3)


def _send_json(cluster: Cluster, topic: str, values: Sequence[object]) -> None:
    """Write each value to a partition of its own."""
    send(
        cluster.bootstrap,
        topic,
        [Outgoing(value=json.dumps(value).encode(), partition=partition) for partition, value in enumerate(values)],
    )


def _expect_printed(session: Program, expected: Sequence[str]) -> None:
    """Wait until the program has printed these messages, each once, in any order, and no other."""

    def received() -> list[str]:
        return sorted(line for line in session.output.splitlines() if line.startswith("Received:"))

    expect_within(
        lambda: len(received()) >= len(expected),
        what=f"{len(expected)} messages printed",
        budget_s=CONSUMED_S,
        detail=lambda: session.output,
    )
    assert received() == sorted(expected), f"the program printed {received()}, expected {sorted(expected)}"
