"""Consumers: the final read ends at the end of the log and nowhere else; members remember what happened to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from harness.clients import consumer, membership
from harness.clients.consumer import FollowingConsumer, read_everything
from harness.clients.membership import Membership
from harness.clients.settings import Isolation, Settings
from harness.clients.subscriber import Subscriber
from harness.verdict import Inconclusive
from harness.waiting import wait_until
from tests.clients.fakes import FakeConsumer, KeptJournal, changed, end, record, scene

TOPICS = {"in": 2}
ENDS = {("in", 0): (0, 5), ("in", 1): (2, 2)}
GROUP: Settings = {"group.id": "smiths"}


@pytest.fixture
def journal(tmp_path: Path) -> KeptJournal:
    return KeptJournal(tmp_path)


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the logs have these ends."""
    monkeypatch.setattr(consumer, "watermarks", lambda _, partition: ENDS[partition.topic, partition.partition])


def use(fake: FakeConsumer, monkeypatch: pytest.MonkeyPatch) -> FakeConsumer:
    for module in (consumer, membership):
        monkeypatch.setattr(module, "Consumer", lambda _: fake)
    return fake


def read(journal: KeptJournal, *, isolation: Isolation = Isolation.COMMITTED, timeout_s: float = 5) -> None:
    read_everything(topics=TOPICS, bootstrap="nowhere", journal=journal, isolation=isolation, timeout_s=timeout_s)


def test_a_final_read_says_what_it_covered(journal: KeptJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [[end("in-1", 2), record("in-0", 0, "a")], [record("in-0", 3, "b")], [end("in-0", 5)]]
    use(FakeConsumer(batches), monkeypatch)
    read(journal)
    assert journal.told("poll") == [
        ("ok", "final", [["poll", {"in-0": [(0, "a")]}]]),
        ("ok", "final", [["poll", {"in-0": [(3, "b")]}]]),
        ("ok", "final", [["poll"]]),
    ]
    assert [op.extra for op in journal.ops] == [
        {"final": True, "covers": {"in-1": [2, 2]}},
        {"final": True},
        {"final": True, "covers": {"in-0": [0, 5]}},
    ]


def test_a_final_read_of_everything_says_so(journal: KeptJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    use(FakeConsumer([[end("in-0", 6), end("in-1", 2)]]), monkeypatch)
    read(journal, isolation=Isolation.UNCOMMITTED)
    (op,) = journal.ops
    assert op.process == "final-uncommitted"
    assert op.extra["isolation"] == "read_uncommitted"
    assert op.extra["covers"] == {"in-0": [0, 6], "in-1": [2, 2]}


def test_the_end_of_what_is_committed_is_not_the_end_while_a_transaction_is_open(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(FakeConsumer([[end("in-1", 2), record("in-0", 0, "a"), end("in-0", 3)]]), monkeypatch)
    with pytest.raises(Inconclusive, match=r"still to read: \['in-0'\]"):
        read(journal, timeout_s=0.01)


def test_a_follower_begins_with_its_assignment_and_says_when_it_reads_everything(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(FakeConsumer([[record("in-0", 0, "a")]]), monkeypatch)
    follower = FollowingConsumer(
        4, topics=TOPICS, bootstrap="nowhere", journal=journal, isolation=Isolation.UNCOMMITTED
    )
    follower.start()
    wait_until(lambda: len(journal.ops) == 2, what="a poll", timeout_s=5, every_s=0.01)
    follower.stop()
    assert follower.crash is None
    assert journal.told("assign") == [("ok", 4, ["in-0", "in-1"])]
    assert journal.ops[1].extra == {"isolation": "read_uncommitted"}


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Membership, FakeConsumer]]:
    """Return a member and the client that it uses."""
    fake = use(FakeConsumer(), monkeypatch)
    with Membership(GROUP, ["in"]) as one:
        yield one, fake
    assert fake.asked[-1] == ("close", None)


def test_a_member_tells_once_how_its_share_has_changed(member: tuple[Membership, FakeConsumer]) -> None:
    one, fake = member
    fake.polls = [changed("on_assign", "in-1", "in-0"), [record("in-0", 3, "a"), record("in-0", 5, "b")]]
    given = one.poll(at_most=9, timeout_s=1)
    assert given.rebalance_log == {"rebalance-log": [{"type": "assigned", "keys": ["in-0", "in-1"]}]}
    given = one.poll(at_most=9, timeout_s=1)
    assert (given.rebalance_log, given.next_offsets) == ({}, {"in-0": 6})
    fake.polls = [changed("on_revoke", "in-1"), changed("on_lost", "in-0")]
    kinds = [one.poll(at_most=9, timeout_s=1).rebalances[0]["type"] for _ in range(2)]
    assert kinds == ["revoked", "lost"]


def test_a_member_is_at_the_end_when_it_was_given_all_of_its_share(member: tuple[Membership, FakeConsumer]) -> None:
    one, fake = member
    fake.polls = [
        changed("on_assign", "in-0", "in-1"),
        [end("in-1", 0)],
        [record("in-0", 3, "a"), end("in-0", 4)],
        [record("in-1", 0, "b")],
        [end("in-1", 1)],
        changed("on_revoke", "in-0", "in-1"),
    ]
    seen = [one.is_at_end]
    while fake.polls:
        one.poll(at_most=9, timeout_s=1)
        seen.append(one.is_at_end)
    assert seen == [False, False, False, True, False, True, False]


def test_a_member_that_rewinds_is_not_at_the_end(member: tuple[Membership, FakeConsumer]) -> None:
    one, fake = member
    fake.polls = [changed("on_assign", "in-0"), [record("in-0", 3, "a"), record("in-0", 4, "b"), end("in-0", 5)]]
    one.poll(at_most=9, timeout_s=1)
    one.rewind(one.poll(at_most=9, timeout_s=1).records)
    assert not one.is_at_end
    assert fake.asked[-1] == ("seek", ("in", 0, 3))


def test_a_subscriber_commits_what_it_was_given_and_is_replaced_when_nobody_knows_whether_it_did(
    journal: KeptJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeConsumer([changed("on_assign", "in-0"), [record("in-0", 3, "a")], [record("in-0", 4, "b")]])
    fake.commit_errors = [None, KafkaError(KafkaError.ILLEGAL_GENERATION)]
    use(fake, monkeypatch)
    one = Subscriber("one", scene=scene(journal), group="smiths", topics=["in"])
    one._live(7)
    assert journal.told("subscribe") == [("ok", 7, ["in"])]
    assert journal.told("poll")[0] == ("ok", 7, [["poll"]])
    assert journal.told("commit") == [
        ("invoke", 7, {"in-0": 4}),
        ("ok", 7, {"in-0": 4}),
        ("invoke", 7, {"in-0": 5}),
        ("info", 7, {"in-0": 5}),
    ]
    assert journal.ops[-1].extra == {"group": "smiths", "error": "ILLEGAL_GENERATION"}
