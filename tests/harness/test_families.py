"""Families of faults: found because they are there, chosen by name or group, and a schedule must fit them."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from harness import budget
from harness.budget import LiveTimeouts
from harness.clients.company import Transactions
from harness.errors import UsageError
from harness.families import ROLES, Family, Ground, catalogue, chosen, require_known
from harness.protocols import Admin, Cluster
from harness.rehearsing.families import families
from harness.schedule import parse
from harness.verdict import Unsupported

ALL = catalogue()
LIVE = LiveTimeouts(zookeeper_session_s=6, replica_lag_s=10)
ELSEWHERE = Ground(
    cluster=cast(Cluster, object()), admin=cast(Admin, object()), topic="a", company=Transactions(name="a")
)


def test_families_are_found_because_they_are_there() -> None:
    assert {"crash", "delete", "isolate", "kill", "partition-ring", "pause", "quorum-loss", "volume-loss"} <= set(ALL)
    assert list(ALL) == sorted(ALL)


@pytest.mark.parametrize("family", ALL.values(), ids=list(ALL))
def test_every_family_can_be_named_in_a_schedule_and_bounds_its_window(family: Family) -> None:
    victim = f":{family.victims[0]}" if family.victims else ""
    lasts = f"+{family.lasts.least_s:g}" if family.lasts else ""
    schedule = parse(f"{family.name}{victim}@after1{lasts}")
    require_known(schedule, ALL)
    assert set(family.victims) <= set(ROLES)
    assert 0 < family.budget(LIVE).seconds <= budget.controller_deleted(LIVE).seconds
    assert family.what[0].islower()
    assert not family.what.endswith(".")


@pytest.mark.parametrize(
    "family", [one for one in ALL.values() if one.name not in families()], ids=lambda one: one.name
)
def test_what_needs_a_real_kubernetes_is_unsupported_elsewhere(family: Family) -> None:
    with pytest.raises(Unsupported, match="it needs a real Kubernetes"):
        family.make(ELSEWHERE, ("kafka-0",))


def test_a_rehearsal_has_families_of_the_same_names_and_no_zookeeper() -> None:
    assert set(families()) < set(ALL)
    assert not [v for family in families().values() for v in family.victims if v.startswith("zookeeper")]


@pytest.mark.parametrize(
    ("only", "skip", "names"),
    [
        (["pause", "crash"], [], {"crash", "pause"}),
        (["zookeeper"], [], {"quorum-loss", "session-expiry"}),
        (["resource"], ["disk-fill"], {"cpu-squeeze", "memory-pressure"}),
        ([], [], set(ALL)),
    ],
)
def test_families_are_chosen_by_name_or_by_group(only: list[str], skip: list[str], names: set[str]) -> None:
    assert set(chosen(ALL, only=only, skip=skip)) == names


@pytest.mark.parametrize(
    ("only", "skip", "said"),
    [
        (["pasue"], [], "there is no family pasue: choose from: bad-image, "),
        ([], ["noise"], "there is no family noise: choose from: "),
        (["pause"], ["process"], "the selection leaves no family of faults: take something out of --skip"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(only: list[str], skip: list[str], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(ALL, only=only, skip=skip)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("noise@0", "got noise@0 of no known family: choose from: bad-image, "),
        ("pause@0+20", "got pause@0+20 without a victim: add :role, one of leader, "),
        (
            "isolate:zookeeper-leader@0+20",
            "got isolate:zookeeper-leader@0+20, and isolate does not strike a zookeeper-",
        ),
        (
            "cold-start:leader@0",
            "got cold-start:leader@0, and cold-start does not strike a leader: leave the victim out",
        ),
        ("cold-start:kafka-0@0", "got cold-start:kafka-0@0, and cold-start has no victim to choose: leave"),
        ("crash:leader@0+5", "got crash:leader@0+5, and crash ends by itself: leave out +5"),
        ("pause:leader@0", "got pause:leader@0, and pause lasts 5 to 40 s: add +seconds within these"),
        ("pause:leader@0+41", "got pause:leader@0+41, and pause lasts 5 to 40 s: add +seconds within these"),
        (
            "crash:leader@0,cold-start@5",
            "got cold-start@5 in crash:leader@0,cold-start@5, and cold-start never overlaps",
        ),
        (
            "cold-start@0,crash:leader@5",
            "got cold-start@0 in cold-start@0,crash:leader@5, and cold-start never overlaps",
        ),
    ],
)
def test_a_schedule_that_does_not_fit_its_families_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        require_known(parse(text), ALL)
    assert str(refused.value).startswith(said)


def test_a_pod_may_be_named_where_a_role_may() -> None:
    require_known(parse("pause:kafka-1@0+20,crash:zookeeper-0@30"), ALL)


def test_a_new_family_needs_no_edit_anywhere() -> None:
    known = {**ALL, "noise": replace(ALL["crash"], name="noise")}
    require_known(parse("noise:leader@0"), known)
