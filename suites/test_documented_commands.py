"""Documented commands: each Bash command of the page is run as written, and its effect is seen by somebody else."""

from __future__ import annotations

from collections.abc import Sequence

from harness.claims import clause, expect_within
from harness.clients.admin import Admin, Partition
from harness.clients.groups import Groups
from harness.clients.sending import Outgoing, send
from harness.clients.tail import tail
from harness.clients.topics import settled
from harness.cluster.pods import Cluster
from harness.coverage import checks
from harness.document import Document
from harness.evidence import Evidence
from harness.fixtures import TopicFactory
from harness.reader import Reader
from harness.waiting import TimedOut
from suites.documented.page import PageGroups, PageTopics
from suites.documented.printed import PrintedPartition, broker_ids, offsets, partitions

pytest_plugins = ("suites.documented.fixtures",)

CLI = "Usage / Using Kafka CLI"
TOPICS = "Operations / Topic Management"
MONITORING = "Operations / Monitoring"
SEEN_S = 15
"""How soon the effect of a command that has ended must be seen by another client."""
CONSUMED_S = 45
"""A JVM's start in half a core, then the group's initial rebalance delay."""
ENDED_BY_INTERRUPT = (0, 130)


@clause("DOC-03")
@checks(f"{CLI} / Create topic", f"{CLI} / List topics", f"{CLI} / Describe topic", f"{TOPICS} / Delete topic")
def test_topic_commands(reader: Reader, admin: Admin, page_topics: PageTopics, evidence: Evidence) -> None:
    """A topic can be created, listed, described and deleted with the documented commands.

    The four commands of the page are run as written. After `--create`, a client of another make must see `my-topic`
    with the three partitions and two replicas that the command asks for, each on different brokers. `--list` must
    name it, `--describe` must print the same leaders, replicas and in-sync replicas that the other client sees, and
    after `--delete` the other client must see it no more.
    """
    name = page_topics.take("my-topic")
    reader.command(f"{CLI} / Create topic")
    made = _seen(admin, name)
    copies = [len(set(partition.replicas)) for partition in made]
    assert copies == [2, 2, 2], f"the partitions have {copies} replicas, the command asks for 2"
    listed = reader.command(f"{CLI} / List topics").lines
    assert name in listed, f"{name} is not in the list {listed}"
    printed = partitions(reader.command(f"{CLI} / Describe topic").lines)
    seen = [
        PrintedPartition(index=p.index, leader=p.leader, replicas=frozenset(p.replicas), isr=frozenset(p.isr))
        for p in _seen(admin, name)
        if p.leader is not None
    ]
    assert printed == seen, f"--describe printed {printed}, another client sees {seen}"
    reader.command(f"{TOPICS} / Delete topic")
    took_s = expect_within(lambda: name not in admin.topics(), what=f"{name} gone after --delete", budget_s=SEEN_S)
    evidence.fact(gone_after_delete_s=round(took_s, 2))


@clause("DOC-04")
@checks(f"{CLI} / Produce messages", f"{CLI} / Consume messages")
def test_console_clients(cluster: Cluster, reader: Reader, page_topics: PageTopics) -> None:
    """Lines typed into the documented console producer are in the topic and the console consumer prints them.

    `my-topic` is made with the page's numbers of partitions and replicas. The producer's command is run as written,
    on a terminal; two lines are typed, then ^D. A client of another make must read exactly these two. The consumer's
    command is run as written; once it has printed both lines it is ended with ^C, as it never ends by itself.
    """
    name = page_topics.create("my-topic", partitions=3, replication_factor=2)
    lines = ["a line typed at the prompt", "another line, typed after it"]
    with tail(cluster.bootstrap, name) as appended:
        with reader.shell(f"{CLI} / Produce messages") as producer:
            expect_within(lambda: ">" in producer.output, what="the producer's prompt", budget_s=CONSUMED_S)
            producer.type("".join(f"{line}\n" for line in lines))
            producer.end_input()
        found = sorted(record.value.decode() for record in appended.records())
    assert found == sorted(lines), f"the topic has {found}, expected {sorted(lines)}"
    with reader.shell(f"{CLI} / Consume messages", exit_codes=ENDED_BY_INTERRUPT) as consumer:
        expect_within(
            lambda: set(lines) <= set(consumer.output.splitlines()),
            what="the consumer printing both lines",
            budget_s=CONSUMED_S,
            detail=lambda: consumer.output,
        )
        consumer.interrupt()


@clause("DOC-05")
@checks(f"{TOPICS} / List consumer groups", f"{TOPICS} / Describe consumer group")
def test_group_commands(
    cluster: Cluster, reader: Reader, groups: Groups, page_groups: PageGroups, topic: TopicFactory, evidence: Evidence
) -> None:
    """Consumer groups are listed and described by the documented commands, with the lag that they really have.

    A topic gets 5, 7 and 0 records in its three partitions, and `my-consumer-group` has committed the offsets 2, 7
    and 0. `--list` must name the group; `--describe` must print for each partition the offset that was committed, the
    end of the log and the lag between them: 3, 0 and 0.
    """
    name = topic("doc-groups", partitions=3)
    _fill(cluster, name, [5, 7, 0])
    group = page_groups.take("my-consumer-group")
    groups.commit(group, name, {0: 2, 1: 7, 2: 0})
    listed = reader.command(f"{TOPICS} / List consumer groups").lines
    assert group in listed, f"{group} is not in the list {listed}"
    printed = offsets(reader.command(f"{TOPICS} / Describe consumer group").lines, group=group, topic=name)
    evidence.fact(printed_current_end_lag=printed)
    expected = {0: [2, 5, 3], 1: [7, 7, 0], 2: [0, 0, 0]}
    assert printed == expected, f"printed offset, end and lag {printed}, expected {expected}"


@clause("DOC-06")
@checks(f"{MONITORING} / Monitor lag")
def test_lag_command(
    cluster: Cluster, reader: Reader, groups: Groups, page_groups: PageGroups, topic: TopicFactory, evidence: Evidence
) -> None:
    """The documented command for monitoring lag prints the lag that was made.

    A topic gets 40 records in one partition and 25 in another; `my-group` has committed 11 and 25 of them. The command
    is run as written and must print lags of 29 and 0, 29 in all.
    """
    name = topic("doc-lag", partitions=2)
    _fill(cluster, name, [40, 25])
    group = page_groups.take("my-group")
    groups.commit(group, name, {0: 11, 1: 25})
    printed = offsets(reader.command(f"{MONITORING} / Monitor lag").lines, group=group, topic=name)
    evidence.fact(printed_current_end_lag=printed)
    expected = {0: [11, 40, 29], 1: [25, 25, 0]}
    assert printed == expected, f"printed offset, end and lag {printed}, expected {expected}"


@clause("DOC-07")
@checks(f"{MONITORING} / Check broker logs")
def test_broker_logs(reader: Reader, topic: TopicFactory, evidence: Evidence) -> None:
    """The documented command shows the log of the broker that it names, up to now.

    A topic with a name that nobody used before gets a replica on every broker. The command is run as written, and the
    broker's log must name that topic: it is this broker's log, and what happened a moment ago is in it.
    """
    name = topic("doc-logs", partitions=3)
    lines = [line for line in reader.command(f"{MONITORING} / Check broker logs").lines if name in line]
    evidence.fact(lines_with_the_new_topic=lines[:5])
    assert lines, f"the log does not name the topic {name}, which the broker has just been given"


@clause("DOC-08")
@checks(f"{MONITORING} / Check Zookeeper")
def test_zookeeper_shell(reader: Reader, admin: Admin, document: Document, evidence: Evidence) -> None:
    """The documented ZooKeeper command lists the ids of all brokers.

    The command is run as written. The list that it prints must be the ids of the brokers that a Kafka client sees, and
    as many as the page says: [0, 1, 2].
    """
    ids = broker_ids(reader.command(f"{MONITORING} / Check Zookeeper").lines)
    seen, documented = list(admin.brokers()), list(range(document.kafka.replicas))
    evidence.fact(registered=ids, seen_by_a_client=seen)
    assert ids == seen == documented, f"ZooKeeper has {ids}, a client sees {seen}, the page says {documented}"


def _seen(admin: Admin, topic: str) -> Sequence[Partition]:
    """The topic of three partitions as a client of another make sees it; one that does not see it is a failure."""
    try:
        return settled(admin, topic, partitions=3)
    except TimedOut as late:
        raise AssertionError(str(late)) from late


def _fill(cluster: Cluster, topic: str, counts: Sequence[int]) -> None:
    send(
        cluster.bootstrap,
        topic,
        [
            Outgoing(value=f"{partition}:{number}".encode(), partition=partition)
            for partition, count in enumerate(counts)
            for number in range(count)
        ],
    )
