"""groups: two owners, no owner, a late owner, a record that is missed or given again, and a false figure are found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checkers.groups import (
    Appended,
    Attempt,
    Change,
    Commit,
    Delivery,
    Pause,
    Refusal,
    Turn,
    delivered,
    late_commit_refused,
    no_overlap,
    offsets_equal,
    progress_kept,
    settles,
    taken_over,
    undisturbed,
)
from harness.verdict import Judgement, Verdict


def turn(time_s: float, member: str, turned: Turn, *partitions: int) -> Change:
    return Change(time_s=time_s, member=member, turn=turned, partitions=frozenset(partitions))


BEFORE = (turn(1, "ann", Turn.ASSIGNED, 0, 1, 2, 3),)
JOIN = (
    *BEFORE,
    turn(11.0, "ann", Turn.REVOKED, 0, 1, 2, 3),
    turn(11.2, "ann", Turn.ASSIGNED, 0, 1),
    turn(11.3, "bob", Turn.ASSIGNED, 2, 3),
)


def settled(*changes: Change, members: str = "ann bob", bound_s: float = 3.0) -> Judgement:
    return settles(
        changes, partitions=4, members=frozenset(members.split()), since_s=10.0, bound_s=bound_s, why="as configured"
    )


def test_a_share_in_time_is_good() -> None:
    judged = settled(*JOIN)
    assert judged.verdict is Verdict.PASS
    assert judged.measured["settled_after_s"] == pytest.approx(1.3)


def test_a_share_that_comes_late_is_found() -> None:
    judged = settled(*JOIN, bound_s=1.2)
    assert judged.verdict is Verdict.FAIL
    assert "as configured" in judged.reason


def test_a_partition_without_an_owner_is_found() -> None:
    assert settled(*JOIN[:-1], turn(11.3, "bob", Turn.ASSIGNED, 2)).verdict is Verdict.FAIL


def test_a_member_without_a_share_is_found() -> None:
    assert settled(*BEFORE, turn(11, "ann", Turn.REVOKED, 0), turn(12, "ann", Turn.ASSIGNED, 0)).verdict is Verdict.FAIL


def test_shares_that_do_not_last_are_not_settled() -> None:
    assert settled(*JOIN, turn(12, "bob", Turn.LOST, 2, 3)).verdict is Verdict.FAIL


def test_the_partitions_of_a_dead_member_belong_to_nobody() -> None:
    changes = (*JOIN, turn(12, "bob", Turn.ENDED))
    assert settled(*changes, members="ann").verdict is Verdict.FAIL
    assert settled(*changes, turn(12.5, "ann", Turn.ASSIGNED, 2, 3), members="ann").verdict is Verdict.PASS


def test_without_any_change_nothing_is_judged() -> None:
    assert settled(*BEFORE, members="ann").verdict is Verdict.INCONCLUSIVE
    assert no_overlap(()).verdict is Verdict.INCONCLUSIVE


def test_two_owners_at_one_moment_are_found() -> None:
    assert no_overlap(JOIN).verdict is Verdict.PASS
    hasty = (*BEFORE, turn(11.0, "bob", Turn.ASSIGNED, 3), turn(11.1, "ann", Turn.REVOKED, 3))
    judged = no_overlap(hasty)
    assert judged.verdict is Verdict.FAIL
    assert "partition 3" in judged.reason


APPENDED = tuple(Appended(partition=0, offset=offset, value=str(offset)) for offset in range(3))


def given(time_s: float, member: str, offset: int, *, partition: int = 0) -> Delivery:
    return Delivery(time_s=time_s, member=member, partition=partition, offset=offset, value=str(offset))


def commit(time_s: float, member: str, offset: int) -> Commit:
    return Commit(time_s=time_s, member=member, partition=0, offset=offset)


def attempt(member: str, first: int, end: int, *, partition: int = 0) -> Attempt:
    return Attempt(member=member, partition=partition, first=first, end=end)


ALL = (attempt("ann", 0, 2), attempt("bob", 0, 3))


def delivery(
    *deliveries: Delivery, commits: tuple[Commit, ...] = (), attempts: tuple[Attempt, ...] = ALL, crashed: str = ""
) -> Judgement:
    return delivered(APPENDED, deliveries, commits, attempts=attempts, crashed=frozenset(crashed.split()))


ONCE = (given(1, "ann", 0), given(2, "ann", 1), given(3, "bob", 2))


def test_every_record_given_once_is_good() -> None:
    assert delivery(*ONCE).verdict is Verdict.PASS


def test_one_record_that_was_given_to_nobody_is_found() -> None:
    judged = delivery(*ONCE[:2])
    assert [finding.anomaly for finding in judged.findings] == ["undelivered"]


def test_a_record_in_another_partition_is_another_record() -> None:
    assert delivery(*ONCE[:2], given(3, "bob", 2, partition=1)).verdict is Verdict.FAIL


def test_one_record_that_was_given_again_without_a_crash_is_found() -> None:
    judged = delivery(*ONCE, given(4, "bob", 1))
    assert [finding.anomaly for finding in judged.findings] == ["delivered-again"]


def test_after_a_crash_only_what_was_not_committed_may_be_given_again() -> None:
    again = (*ONCE, given(4, "bob", 1))
    assert delivery(*again, commits=(commit(1.5, "ann", 1),), crashed="ann").verdict is Verdict.PASS
    assert delivery(*again, commits=(commit(2.5, "ann", 2),), crashed="ann").verdict is Verdict.FAIL
    assert delivery(*again, crashed="bob").verdict is Verdict.FAIL


def test_without_records_nothing_is_judged() -> None:
    assert delivered((), (), (), attempts=(), crashed=frozenset()).verdict is Verdict.INCONCLUSIVE


def test_what_a_crashed_member_did_not_begin_to_commit_must_be_given_to_another() -> None:
    begun = (attempt("ann", 0, 1),)
    lost = delivery(*ONCE, attempts=begun, crashed="ann")
    assert [finding.what for finding in lost.findings] == [
        "partition 0 offset 1 was given to no member that went on to commit it"
    ]
    assert delivery(*ONCE, given(4, "bob", 1), attempts=begun, crashed="ann").verdict is Verdict.PASS


@pytest.mark.parametrize(
    "begun", [attempt("bob", 0, 2), attempt("ann", 0, 2, partition=1), attempt("ann", 2, 3)], ids=str
)
def test_the_commit_of_another_member_partition_or_batch_says_nothing(begun: Attempt) -> None:
    assert delivery(*ONCE, attempts=(attempt("ann", 0, 1), begun), crashed="ann").verdict is Verdict.FAIL


def test_what_no_member_that_lives_on_commits_is_not_missed() -> None:
    assert delivery(*ONCE, attempts=()).verdict is Verdict.PASS


def test_progress_that_goes_on_is_kept() -> None:
    assert progress_kept((commit(1.5, "ann", 1), commit(3.5, "bob", 3)), ONCE).verdict is Verdict.PASS


def test_progress_that_goes_back_is_found() -> None:
    judged = progress_kept((commit(2.5, "ann", 2), commit(3.5, "bob", 1)), ONCE)
    assert [finding.anomaly for finding in judged.findings] == ["offset-commit-regression"]


def test_progress_beyond_what_was_given_is_found() -> None:
    judged = progress_kept((commit(1.5, "ann", 2),), ONCE)
    assert [finding.anomaly for finding in judged.findings] == ["commit-beyond-processed"]
    assert progress_kept((), ONCE).verdict is Verdict.INCONCLUSIVE


def test_figures_are_compared_exactly() -> None:
    known = {0: 11, 1: 0}
    assert offsets_equal(known, {1: 0, 0: 11}, what="the lag").verdict is Verdict.PASS
    for false in ({0: 10, 1: 0}, {0: 11}, {0: 11, 1: 0, 2: 0}):
        assert offsets_equal(known, false, what="the lag").verdict is Verdict.FAIL
    assert offsets_equal({}, {}, what="the lag").verdict is Verdict.INCONCLUSIVE


RETURNED = (
    turn(1, "ann", Turn.ASSIGNED, 0, 1),
    turn(2, "cid", Turn.ASSIGNED, 2, 3),
    turn(10.0, "cid", Turn.ENDED),
    turn(11.5, "cid", Turn.ASSIGNED, 2, 3),
)


def returned(*changes: Change) -> Judgement:
    return undisturbed(changes, member="cid", since_s=10.0, within_s=6.0)


def test_a_member_that_comes_back_to_what_it_had_disturbs_nobody() -> None:
    assert returned(*RETURNED).verdict is Verdict.PASS


def test_another_member_that_was_given_or_lost_something_is_found() -> None:
    for turned in (Turn.REVOKED, Turn.ASSIGNED, Turn.LOST):
        judged = returned(*RETURNED, turn(11.0, "ann", turned, 0))
        assert judged.verdict is Verdict.FAIL
        assert judged.findings[0].anomaly == "rebalanced"


def test_a_member_that_comes_back_to_something_else_is_found() -> None:
    judged = returned(*RETURNED[:-1], turn(11.5, "cid", Turn.ASSIGNED, 3))
    assert (judged.verdict, judged.reason) == (
        Verdict.FAIL,
        "1 findings, the first: cid came back to [3], it had [2, 3]",
    )


def test_what_happened_before_the_end_of_the_member_does_not_count() -> None:
    early = (turn(3, "ann", Turn.REVOKED, 0), turn(4, "ann", Turn.ASSIGNED, 0))
    assert returned(*RETURNED, *early).verdict is Verdict.PASS


def test_a_member_that_did_not_die_or_has_not_come_back_shows_nothing() -> None:
    assert returned(*RETURNED[:-1]).verdict is Verdict.INCONCLUSIVE
    assert returned(*RETURNED[:2], RETURNED[3]).verdict is Verdict.INCONCLUSIVE
    assert returned(*RETURNED[:-1], turn(16.5, "cid", Turn.ASSIGNED, 2, 3)).verdict is Verdict.INCONCLUSIVE
    assert returned().verdict is Verdict.INCONCLUSIVE


def test_what_a_member_commits_when_it_is_back_does_not_count_for_before() -> None:
    back = (*ONCE[:1], given(2, "cid", 1), given(3, "bob", 1), given(4, "cid", 2))
    begun = (attempt("cid", 2, 3),)
    assert delivery(*back, commits=(commit(5, "cid", 3),), attempts=begun, crashed="cid").verdict is Verdict.PASS
    assert delivery(*back, commits=(commit(2.5, "cid", 2),), crashed="cid").verdict is Verdict.FAIL


SLOW = Pause(member="cid", from_s=10.0, until_s=24.0)


def takeover(*deliveries: Delivery, pause: Pause = SLOW, share: frozenset[int] = frozenset({0, 1})) -> Judgement:
    return taken_over(pause, share=share, deliveries=deliveries, bound_s=11.0, why="as configured")


SERVED = (given(17.0, "ann", 5), given(18.0, "bob", 6, partition=1))


def test_partitions_that_others_serve_in_time_are_taken_over() -> None:
    judged = takeover(*SERVED)
    assert judged.verdict is Verdict.PASS
    assert judged.measured["served_after_s"] == {0: 7.0, 1: 8.0}


@pytest.mark.parametrize(
    "other",
    [
        (),
        (given(21.5, "bob", 6, partition=1),),
        (given(9.0, "bob", 6, partition=1),),
        (given(25, "cid", 6, partition=1),),
    ],
    ids=["by nobody", "too late", "before it was slow", "by itself"],
)
def test_a_partition_that_others_do_not_serve_in_time_is_found(other: tuple[Delivery, ...]) -> None:
    judged = takeover(SERVED[0], *other)
    assert judged.verdict is Verdict.FAIL
    assert "partition 1" in judged.reason
    assert "as configured" in judged.reason


def test_a_member_that_was_not_slow_for_long_enough_shows_nothing() -> None:
    assert takeover(*SERVED, pause=replace(SLOW, until_s=20.0)).verdict is Verdict.INCONCLUSIVE
    assert takeover(*SERVED, pause=replace(SLOW, until_s=None)).verdict is Verdict.INCONCLUSIVE
    assert takeover(*SERVED, share=frozenset()).verdict is Verdict.INCONCLUSIVE


REFUSED = Refusal(time_s=24.01, member="cid", error="UNKNOWN_MEMBER_ID")


def late(*commits: Commit, refusals: tuple[Refusal, ...] = ()) -> Judgement:
    return late_commit_refused(SLOW, commits=commits, refusals=refusals)


def test_a_late_commit_that_is_refused_is_good() -> None:
    judged = late(commit(5, "cid", 3), commit(30, "cid", 9), refusals=(REFUSED,))
    assert judged.verdict is Verdict.PASS
    assert "UNKNOWN_MEMBER_ID" in judged.reason


def test_a_late_commit_that_is_done_is_found() -> None:
    assert late(commit(24.01, "cid", 3)).verdict is Verdict.FAIL
    assert late(commit(24.01, "cid", 3), refusals=(replace(REFUSED, time_s=25.0),)).verdict is Verdict.FAIL


def test_without_a_late_commit_nothing_is_shown() -> None:
    assert late().verdict is Verdict.INCONCLUSIVE
    assert late(commit(24.5, "ann", 3), refusals=(replace(REFUSED, member="bob"),)).verdict is Verdict.INCONCLUSIVE
    assert late(commit(23.0, "cid", 3)).verdict is Verdict.INCONCLUSIVE
