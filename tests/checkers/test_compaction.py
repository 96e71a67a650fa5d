"""compaction: a lost latest value, an old value that stays and a tombstone that goes early or late are found."""

from __future__ import annotations

from harness.checkers.compaction import Snapshot, latest_survives, older_goes, tombstones_go
from harness.checkers.retention import Written
from harness.verdict import Verdict


def write(offset: int, key: str, value: str | None) -> Written:
    return Written(place="keys-0", offset=offset, sent_s=100.0, acked_s=100.1, key=key, value=value)


WRITES = (write(0, "a", "1"), write(1, "b", "1"), write(2, "a", "2"), write(3, "b", None))
OLD, LATEST, TOMBSTONE = {0, 1}, 2, 3


def snapshot(began_s: float, *offsets: int) -> Snapshot:
    return Snapshot(began_s=began_s, ended_s=began_s + 0.1, offsets=frozenset(offsets))


GOOD = (snapshot(101, 0, 1, 2, 3), snapshot(103, 2, 3), snapshot(109, 2))


def test_a_log_that_is_compacted_in_time_is_good() -> None:
    assert latest_survives(WRITES, GOOD).verdict is Verdict.PASS
    assert older_goes(WRITES, GOOD, bound_s=4.0, why="x").verdict is Verdict.PASS
    judged = tombstones_go(WRITES, GOOD, retention_s=2.0, bound_s=11.0, why="x")
    assert [one.verdict for one in judged] == [Verdict.PASS, Verdict.PASS]


def test_a_latest_value_that_is_missing_once_is_lost() -> None:
    judged = latest_survives(WRITES, (*GOOD, snapshot(110, 3)))
    assert judged.verdict is Verdict.FAIL
    assert judged.findings[0].evidence["offset"] == LATEST


def test_a_read_that_began_before_the_write_says_nothing_about_it() -> None:
    assert latest_survives(WRITES, [snapshot(99)]).verdict is Verdict.INCONCLUSIVE


def test_an_older_value_that_stays_is_late() -> None:
    judged = older_goes(WRITES, (snapshot(101, 0, 1, 2, 3), snapshot(105, 0, 2, 3)), bound_s=4.0, why="as configured")
    assert judged.verdict is Verdict.FAIL
    assert [finding.evidence["offset"] for finding in judged.findings] == [0]
    assert "as configured" in judged.reason


def test_an_older_value_that_was_not_watched_until_its_bound_is_not_judged() -> None:
    assert older_goes(WRITES, GOOD[:1], bound_s=4.0, why="x").verdict is Verdict.INCONCLUSIVE
    assert older_goes(WRITES, (), bound_s=4.0, why="x").verdict is Verdict.INCONCLUSIVE


def test_a_tombstone_that_goes_before_its_time_is_found() -> None:
    early, late = tombstones_go(
        WRITES, (snapshot(100.5, 2, 3), snapshot(101.5, 2)), retention_s=2.0, bound_s=11.0, why="x"
    )
    assert (early.verdict, late.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert early.findings[0].evidence["offset"] == TOMBSTONE


def test_a_tombstone_that_stays_is_late() -> None:
    early, late = tombstones_go(WRITES, (*GOOD[:2], snapshot(112, 2, 3)), retention_s=2.0, bound_s=11.0, why="x")
    assert (early.verdict, late.verdict) == (Verdict.PASS, Verdict.FAIL)


def test_a_tombstone_that_was_never_seen_is_not_judged() -> None:
    early, _ = tombstones_go(WRITES, (snapshot(109, 2),), retention_s=2.0, bound_s=11.0, why="x")
    assert early.verdict is Verdict.INCONCLUSIVE


def test_without_tombstones_nothing_is_judged() -> None:
    judged = tombstones_go(WRITES[:1], GOOD, retention_s=2.0, bound_s=11.0, why="x")
    assert {one.verdict for one in judged} == {Verdict.INCONCLUSIVE}
