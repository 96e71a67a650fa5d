"""Members are real processes: one that leaves, one that is killed, one that dies, without any cluster."""

from __future__ import annotations

import pytest

from harness.checkers.groups import Turn
from harness.clients.members import Company, Membership
from harness.clients.settings import Settings
from harness.runclock import RunClock
from harness.verdict import Inconclusive
from harness.waiting import wait_until

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
