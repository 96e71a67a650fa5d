"""Documented best practices: each piece of advice does on this cluster what the page promises of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain

from harness.claims import clause, expect_within
from harness.clients.admin import Admin
from harness.clients.groups import Groups
from harness.clients.handles import Consumer
from harness.clients.sending import Outgoing, send
from harness.clients.settings import plain_consumer
from harness.clients.tail import tail
from harness.clients.topics import Setting, change_settings, settings_of, settled
from harness.cluster.pods import Cluster
from harness.coverage import checks
from harness.document import Document
from harness.evidence import Evidence
from harness.fixtures import TopicFactory
from harness.verdict import Inconclusive
from suites.documented.page import PageGroups
from suites.documented.python_client import Cuts, send_keyed, send_through_cuts

pytest_plugins = ("suites.documented.fixtures",)

PRACTICES = "Best Practices"
SETTLED_S = 30
KEYS, PARTITIONS = 600, 6
FAIR_SHARE = KEYS // PARTITIONS


@clause("DOC-16")
@checks(f"{PRACTICES} / Partitioning Strategy")
def test_partitioning(cluster: Cluster, topic: TopicFactory, evidence: Evidence) -> None:
    """Records with the same key go to the same partition, whichever client sends them, and keys spread evenly.

    600 keys are sent twice to a topic of six partitions: once by kafka-python, the page's own client, once by a client
    of another make (librdkafka with the Java client's hash, murmur2). Every key must be in one partition only.
    A fair share is 100 keys for each partition; each must have between 60 and 140, which is four standard deviations of
    chance, so that an uneven hash is found and a good one never is.
    """
    name = topic("doc-keys", partitions=PARTITIONS)
    keys = [f"user-{number}".encode() for number in range(KEYS)]
    send_keyed(cluster.bootstrap, name, [(key, b"python") for key in keys])
    send(cluster.bootstrap, name, [Outgoing(key=key, value=b"other") for key in keys])
    places: dict[bytes, list[int]] = defaultdict(list)
    with tail(cluster.bootstrap, name, from_beginning=True) as everything:
        for record in everything.records():
            places[record.key or b""].append(record.partition)
    shares = Counter(partitions[0] for partitions in places.values())
    evidence.fact(
        keys=len(places), records=sum(map(len, places.values())), keys_per_partition=dict(sorted(shares.items()))
    )
    assert set(places) == set(keys), f"{len(places)} keys arrived of {len(keys)}"
    astray = {key: partitions for key, partitions in places.items() if partitions != [partitions[0]] * 2}
    assert not astray, f"keys that are not in one partition: {dict(list(astray.items())[:5])}"
    assert len(shares) == PARTITIONS, f"partitions without a key: {shares}"
    assert all(0.6 * FAIR_SHARE <= share <= 1.4 * FAIR_SHARE for share in shares.values()), f"uneven: {shares}"


@clause("DOC-17")
@checks(f"{PRACTICES} / Replication Factor")
def test_replication_factor(admin: Admin, topic: TopicFactory, evidence: Evidence) -> None:
    """A topic has three in-sync replicas on three brokers when it asks for them, and when it asks for nothing.

    One topic is made with a replication factor of 3, another without any, which leaves it to the cluster. Both must
    have three replicas for each partition, on three different brokers, all of them in sync, and the partitions'
    leaders must not be all on one broker.
    """
    names = [topic("doc-rf-asked", replication_factor=3), topic("doc-rf-default", replication_factor=-1)]
    described = [settled(admin, name, partitions=PARTITIONS) for name in names]
    evidence.fact(replicas={partition.key: partition.replicas for made in described for partition in made})
    for made in described:
        assert all(len(set(p.replicas)) == len(p.replicas) == 3 and p.in_sync for p in made), f"got {made}"
        assert len({p.leader for p in made}) > 1, f"one broker leads all partitions: {made}"


@clause("DOC-18")
@checks(f"{PRACTICES} / Consumer Groups")
def test_work_is_shared(cluster: Cluster, topic: TopicFactory, page_groups: PageGroups, evidence: Evidence) -> None:
    """The members of a consumer group share the work: each record is read by exactly one of them, each does some.

    Three members join one group on a topic of six partitions. When the group has settled, each must have two
    partitions that no other has. Then 600 records are written, 100 to each partition; every record must be read once,
    and no member may be idle.
    """
    name = topic("doc-shared", partitions=PARTITIONS)
    expected = [f"record-{number}".encode() for number in range(KEYS)]
    read: list[list[bytes]] = [[], [], []]
    with _members(cluster, name, group=page_groups.take(name), count=3) as members:

        def settled() -> bool:
            _poll(members, read)
            return sorted(len(member.assignment()) for member in members) == [2, 2, 2]

        settled_s = expect_within(settled, what="each of three members having two partitions", budget_s=SETTLED_S)
        shares = [sorted(tp.partition for tp in member.assignment()) for member in members]
        records = [Outgoing(value=value, partition=number % PARTITIONS) for number, value in enumerate(expected)]
        send(cluster.bootstrap, name, records)

        def all_read() -> bool:
            _poll(members, read)
            return sum(map(len, read)) >= len(expected)

        expect_within(all_read, what="every record read", budget_s=SETTLED_S, detail=lambda: str([*map(len, read)]))
    evidence.fact(partitions_of_members=shares, records_of_members=[*map(len, read)], settled_s=round(settled_s, 2))
    assert sorted(chain(*shares)) == list(range(PARTITIONS)), f"shares overlap or leave out: {shares}"
    assert sorted(chain(*read)) == sorted(expected), "a record was read twice or never"
    assert all(read), f"a member did nothing: {[*map(len, read)]}"


@clause("DOC-19")
@checks(f"{PRACTICES} / Retention Policy")
def test_retention_is_configurable(admin: Admin, topic: TopicFactory, evidence: Evidence) -> None:
    """Retention can be set for a topic when it is made and changed while it is used.

    A topic is made with one hour of retention; another is made without any. The first must report this hour as its own,
    the second the cluster's default as not its own. Then the first gets two hours and a size, while it lives, and must
    report both; given back, it must report the default again. That records really go is certified by the RET claims.
    """
    own, default = topic("doc-kept", config={"retention.ms": "3600000"}), topic("doc-default")
    seen = {
        "made_with_1_h_ms": settings_of(admin, own)["retention.ms"],
        "made_without_ms": settings_of(admin, default)["retention.ms"],
    }
    assert seen["made_with_1_h_ms"] == Setting(value="3600000", own=True), f"reported {seen}"
    assert not seen["made_without_ms"].own, f"reported {seen}"
    changes: list[dict[str, str | None]] = [
        {"retention.ms": "7200000", "retention.bytes": "1048576"},
        {"retention.ms": None, "retention.bytes": None},
    ]
    for wanted in changes:
        change_settings(admin, own, wanted)
        _expect_settings(admin, own, wanted)
    evidence.fact(**{name: setting.value for name, setting in seen.items()}, changed_to_ms=7200000)


@clause("DOC-20")
@checks(f"{PRACTICES} / Monitoring")
def test_lag_and_health_can_be_tracked(
    cluster: Cluster,
    admin: Admin,
    groups: Groups,
    document: Document,
    topic: TopicFactory,
    page_groups: PageGroups,
    evidence: Evidence,
) -> None:
    """Consumer lag and broker health can be tracked by any client, and the figures follow what happens.

    A group that has read everything must have no lag; 30 records later its lag must be 30; after it has committed 12 of
    them it must be 18. The cluster must report all documented brokers as alive, one of them as the controller,
    and no partition out of sync.
    """
    name = topic("doc-tracked", partitions=1)
    group = page_groups.take(name)
    lags = []
    for written, committed in ((0, 0), (30, 0), (0, 12)):
        send(cluster.bootstrap, name, [Outgoing(value=b"x", partition=0)] * written)
        groups.commit(group, name, {0: committed})
        lags.append(groups.lag(group, name)[0])
    health = {"brokers": list(admin.brokers()), "controller": admin.controller()}
    evidence.fact(lags=lags, **health)
    assert lags == [0, 30, 18], f"the lag went {lags}, expected [0, 30, 18]"
    assert health["brokers"] == list(range(document.kafka.replicas)), f"the cluster reports {health}"
    assert health["controller"] in admin.brokers(), f"the cluster reports {health}"
    expect_within(
        lambda: admin.out_of_sync() == (),
        what="every partition in sync",
        budget_s=SETTLED_S,
        detail=lambda: str(admin.out_of_sync()),
    )


@clause("DOC-21")
@checks(f"{PRACTICES} / Idempotent Producers")
def test_idempotence(cluster: Cluster, topic: TopicFactory, evidence: Evidence) -> None:
    """An idempotent producer that must send again makes no duplicate and no gap, and keeps the order.

    The producer (kafka-python) reaches the brokers through a proxy that lets every write pass, then steals every tenth
    answer of the broker and cuts the line, so that the producer must send again what is already written. The topic
    must then have each of 60 records once, in order. The same is done with idempotence off: there must be a duplicate
    for each stolen answer. If one is missing, nothing was proved about retries, and the claim is INCONCLUSIVE.
    """
    expected = [str(number).encode() for number in range(60)]
    plain, plain_cuts = _written_through_cuts(cluster, topic("doc-repeats", partitions=1), expected, idempotent=False)
    found, cuts = _written_through_cuts(cluster, topic("doc-once", partitions=1), expected, idempotent=True)
    repeated = len(plain) - len(set(plain))
    evidence.fact(
        stolen_answers=cuts.stolen,
        records=len(found),
        duplicates=len(found) - len(set(found)),
        without_idempotence={"stolen_answers": plain_cuts.stolen, "duplicates": repeated},
    )
    if not cuts.stolen or not plain_cuts.stolen or repeated < plain_cuts.stolen:
        raise Inconclusive(f"no retry of a written record was seen: {cuts}, and {plain_cuts} without idempotence")
    assert found == expected, f"got {len(found)} records, {len(set(found))} different ones, expected each of 60 once"


def _written_through_cuts(
    cluster: Cluster, name: str, values: Sequence[bytes], *, idempotent: bool
) -> tuple[list[bytes], Cuts]:
    with tail(cluster.bootstrap, name) as appended:
        cuts = send_through_cuts(cluster.bootstrap, name, values, idempotent=idempotent, steal_every=10)
        return [record.value for record in appended.records()], cuts


@contextmanager
def _members(cluster: Cluster, topic: str, *, group: str, count: int) -> Iterator[list[Consumer]]:
    """Consumers that join one group; they leave it at the end."""
    with ExitStack() as stack:
        members = [Consumer(plain_consumer(cluster.bootstrap, group=group)) for _ in range(count)]
        for member in members:
            stack.callback(member.close)
            member.subscribe([topic])
        yield members


def _poll(members: Sequence[Consumer], read: Sequence[list[bytes]]) -> None:
    for member, values in zip(members, read, strict=True):
        values.extend(message.value() or b"" for message in member.consume(200, 0.05) if message.error() is None)


def _expect_settings(admin: Admin, topic: str, wanted: dict[str, str | None]) -> None:
    """Wait until the topic reports the settings as its own, or, where None is wanted, no longer as its own."""

    def reported() -> bool:
        settings = settings_of(admin, topic)
        return all(
            settings[name].own == (value is not None) and value in (None, settings[name].value)
            for name, value in wanted.items()
        )

    expect_within(reported, what=f"{topic} reporting {wanted}", budget_s=SETTLED_S)
