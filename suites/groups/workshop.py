"""A workshop: a consumer group at work while records are written, so that its members may come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import numpy as np

from harness.budget import Budget
from harness.checkers import groups as checkers
from harness.checkers.groups import Appended, Pause
from harness.claims import expect_within
from harness.clients.members import Company, Membership
from harness.clients.settings import plain_consumer
from harness.clients.traffic import Traffic
from harness.cluster.pods import Cluster
from harness.evidence import Event, Evidence
from harness.group_bounds import GroupSettings
from harness.histories.history import NONE
from harness.run import Run
from harness.verdict import Inconclusive, Judgement
from harness.waiting import TimedOut, wait_until

PARTITIONS = 6
STEADY_S = 0.5
"""How long the new shares are watched: an owner that is gone again at once was none."""

LONGER_S = 3.0
"""How much longer than allowed a member takes for a batch: the work of others is seen, and then its own late commit."""

DRAINED_S = 10.0
"""For members that own everything to be given the rest of what was written."""


@dataclass(kw_only=True)
class Workshop:
    """A group whose first members have shared out the partitions, under traffic."""

    company: Company
    settings: GroupSettings
    run: Run
    appended: tuple[Appended, ...] = field(default=())

    def is_shared_out(self) -> bool:
        """Say whether each partition has one owner among the members that are there."""
        self.company.require_running()
        return checkers.is_shared_out(self.company.shares(), partitions=PARTITIONS, members=self.company.members)

    def see_settled(self, *, since_s: float, bound: Budget) -> tuple[Judgement, ...]:
        """Watch until the partitions are shared out again and for a moment longer, and judge how that went."""
        members = self.company.members
        await_quietly(self.is_shared_out, timeout_s=bound.seconds + 1.0)
        seen_s = self.run.clock.now_s()
        await_quietly(lambda: self.run.clock.now_s() > seen_s + STEADY_S, timeout_s=2 * STEADY_S)
        changes = tuple(self.company.told.changes)
        settled = checkers.settles(
            changes, partitions=PARTITIONS, members=members, since_s=since_s, bound_s=bound.seconds, why=bound.why
        )
        return settled, checkers.no_overlap(changes)

    def see_back(self, name: str, *, since_s: float, within_s: float) -> Judgement:
        """Watch a member that was killed come back, until a rebalance would be over, and judge that nobody noticed."""
        rebalanced_s = since_s + self.settings.killed().seconds
        await_quietly(lambda: self.run.clock.now_s() > rebalanced_s, timeout_s=self.settings.killed().seconds + 1.0)
        changes = tuple(self.company.told.changes)
        return checkers.undisturbed(changes, member=name, since_s=since_s, within_s=within_s)

    def see_taken_over(self, name: str) -> tuple[Judgement, ...]:
        """Let a member take too long for a batch until it is back at work, and judge what others did meanwhile."""
        company, bound = self.company, self.settings.too_slow()
        share = company.shares()[name]
        company.linger(name, seconds=bound.seconds + LONGER_S)
        await_quietly(lambda: bool(self._over()), timeout_s=bound.seconds + LONGER_S + DRAINED_S)
        if not self._over():
            raise Inconclusive(f"{name} was given no batch for which it could take too long")
        (pause,) = self._over()
        # Its own words are late: it learns only now that it has lost what others own, so no overlap is judged by them.
        settled, _ = self.see_settled(since_s=pause.until_s or pause.from_s, bound=self.settings.changed())
        told = company.told
        return (
            checkers.taken_over(
                pause, share=share, deliveries=tuple(told.deliveries), bound_s=bound.seconds, why=bound.why
            ),
            checkers.late_commit_refused(pause, commits=tuple(told.commits), refusals=tuple(told.refusals)),
            settled,
        )

    def _over(self) -> tuple[Pause, ...]:
        return tuple(pause for pause in tuple(self.company.told.pauses) if pause.until_s is not None)

    def await_everyone_at_work(self) -> None:
        """Wait until each member has been given a record; one that has not would not be missed."""

        def at_work() -> bool:
            return self.company.members <= {delivery.member for delivery in tuple(self.company.told.deliveries)}

        try:
            wait_until(at_work, what="every member being given a record", timeout_s=DRAINED_S, every_s=0.05)
        except TimedOut as late:
            raise Inconclusive(str(late)) from late

    def await_records(self, more: int) -> None:
        """Wait until so many more records were given; a group that does not go on is judged by what was not given."""
        enough = len(self.company.told.deliveries) + more
        await_quietly(lambda: len(self.company.told.deliveries) >= enough, timeout_s=DRAINED_S)

    def judge_delivery(self, evidence: Evidence, *, crashed: frozenset[str] = frozenset()) -> tuple[Judgement, ...]:
        """Judge, after the workshop has closed, what became of every record that was written in it."""
        told = self.company.told
        refused = [f"{one.member} at {one.time_s:.2f} s: {one.error}" for one in told.refusals]
        evidence.fact(refused_commits=refused, records=len(self.appended))
        evidence.events.extend(
            Event(
                time_s=change.time_s,
                kind="group",
                what=f"{change.member} {change.turn.value} {sorted(change.partitions)}",
            )
            for change in told.changes
        )
        return (
            checkers.delivered(self.appended, told.deliveries, told.commits, attempts=told.attempts, crashed=crashed),
            checkers.progress_kept(told.commits, told.deliveries),
        )


OpenWorkshop = Callable[..., AbstractContextManager[Workshop]]
"""Opens a workshop with the members of these names."""


@contextmanager
def opened(
    names: Sequence[str],
    *,
    cluster: Cluster,
    settings: GroupSettings,
    flow: Traffic,
    run: Run,
    membership: Membership = Membership.DYNAMIC,
) -> Iterator[Workshop]:
    """Open a workshop with the members of these names; when it closes, what was written has had its time to be read."""
    topic = flow.load.topic
    member = {**plain_consumer(cluster.bootstrap, group=topic), **settings.for_client()}
    with Company(topic, settings=member, clock=run.clock, membership=membership) as company:
        with flow:
            work = Workshop(company=company, settings=settings, run=run)
            for name in names:  # one after the other: a group of one waits least to begin
                company.join(name)
                expect_within(
                    work.is_shared_out,
                    what=f"{name} having its share",
                    budget_s=settings.forming().seconds,
                    detail=lambda: str(company.shares()),
                )
            work.await_everyone_at_work()
            yield work
        work.appended = _appended(flow)
        await_quietly(lambda: _all_done(work), timeout_s=DRAINED_S)


def await_quietly(condition: Callable[[], bool], *, timeout_s: float) -> None:
    """Wait for something that is judged afterwards, whether it came or not."""
    try:
        wait_until(condition, what="what is judged afterwards", timeout_s=timeout_s, every_s=0.05)
    except TimedOut:
        return


def _appended(flow: Traffic) -> tuple[Appended, ...]:
    history = flow.settle()
    sends = history.sends
    rows = np.flatnonzero(history.operations.ok[sends.op] & (sends.offset != NONE)).tolist()
    records = tuple(
        Appended(
            partition=int(history.keys[sends.key[row]].rsplit("-", 1)[1]),
            offset=int(sends.offset[row]),
            value=str(history.value(int(sends.value[row]))),
        )
        for row in rows
    )
    if not records:
        raise Inconclusive("no record was acknowledged while the group worked")
    return records


def _all_done(work: Workshop) -> bool:
    work.company.require_running()
    done = work.company.progress()
    given = {(delivery.partition, delivery.value) for delivery in tuple(work.company.told.deliveries)}
    return all(
        (record.partition, record.value) in given and done.get(record.partition, 0) > record.offset
        for record in work.appended
    )
