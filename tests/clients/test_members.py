"""Members are real processes: one that leaves, one that is killed, one that dies, without any cluster."""

from __future__ import annotations

import pytest

from harness.checkers.groups import Attempt, Turn
from harness.clients.handles import Producer
from harness.clients.members import Company, Membership
from harness.clients.settings import Settings
from harness.runclock import RunClock
from harness.verdict import Inconclusive
from harness.waiting import wait_until
from tests.clients.fakes import TOPIC

NOWHERE: Settings = {"bootstrap.servers": "127.0.0.1:9", "group.id": "tests", "log_level": 0}


def company(**settings: str) -> Company:
    return Company("nowhere", settings={**NOWHERE, **settings}, clock=RunClock())


def ends(told: Company) -> list[str]:
    return [change.member for change in told.told.changes if change.turn is Turn.ENDED]


def test_members_end_when_they_are_killed_or_leave_and_the_rest_at_the_end() -> None:
    with company() as members:
        members.join("ann", "bob", "cid")
        killed_s = members.kill("ann")
        left_s = members.leave("bob")
        assert killed_s < left_s
        assert members.members == {"cid"}
        assert ends(members) == ["ann", "bob"]
    assert ends(members) == ["ann", "bob", "cid"]
    assert members.shares() == {}


def test_a_member_that_dies_by_itself_makes_the_clause_inconclusive() -> None:
    with company(**{"no.such.setting": "1"}) as members:
        members.join("ann")
        wait_until(lambda: ends(members) == ["ann"], what="the member's death", timeout_s=10, every_s=0.05)
        with pytest.raises(Inconclusive, match="No such configuration property"):
            members.require_running()


def test_an_error_ends_every_member() -> None:
    members = company()

    def fail() -> None:
        with members:
            members.join("ann")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert ends(members) == ["ann"]


def test_only_a_static_member_has_a_name_of_its_own() -> None:
    assert Membership.STATIC.settings("ann") == {"group.instance.id": "ann"}
    assert Membership.DYNAMIC.settings("ann") == {}


def test_a_member_tells_what_it_begins_to_commit_and_what_is_done(bootstrap: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    for number in range(3):
        producer.produce(TOPIC, value=str(number).encode(), partition=1)
    producer.flush(10)
    settings: Settings = {
        "bootstrap.servers": bootstrap,
        "group.id": "tellers",
        "auto.offset.reset": "earliest",
        "log_level": 0,
    }
    with Company(TOPIC, settings=settings, clock=RunClock()) as members:
        members.join("ann")
        told = members.told
        wait_until(lambda: any(one.offset == 3 for one in told.commits), what="its commit", timeout_s=30, every_s=0.05)
    assert members.progress() == {1: 3}
    begun = {offset for one in told.attempts if one.partition == 1 for offset in range(one.first, one.end)}
    assert begun == {0, 1, 2}


@pytest.mark.parametrize(
    ("error", "is_left"), [("UNKNOWN_MEMBER_ID", False), ("ILLEGAL_GENERATION", False), ("_TIMED_OUT", True)]
)
def test_a_commit_that_was_refused_is_no_attempt_and_one_without_an_answer_is(error: str, *, is_left: bool) -> None:
    with company() as members:
        members.join("ann")
        ann = members._members["ann"]
        ann._note({"event": "commits", "at_ns": 1, "batches": {"0": [3, 5]}})
        assert members.told.attempts == [Attempt(member="ann", partition=0, first=3, end=5)]
        ann._note({"event": "commit-failed", "at_ns": 2, "error": error, "offsets": {"0": 5}})
        assert bool(members.told.attempts) is is_left
