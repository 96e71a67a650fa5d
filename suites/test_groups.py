"""GRP: the members of a group share its work, whoever comes and goes, and its progress is kept and told truly."""

from __future__ import annotations

from collections.abc import Mapping

from harness.checkers import groups as checkers
from harness.checkers.groups import Appended
from harness.claims import Level, clause, expect_within
from harness.clients.admin import Admin
from harness.clients.group_member import POISON
from harness.clients.groups import Groups
from harness.clients.members import Company, Membership
from harness.clients.settings import plain_consumer
from harness.clients.stamped import Entry, StampedWriter
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory
from harness.group_bounds import GroupSettings
from harness.run import Run
from harness.verdict import Inconclusive
from suites.documented import printed
from suites.groups.handover import CoordinatorEnds
from suites.groups.workshop import DRAINED_S, OpenWorkshop, await_quietly

pytest_plugins = ("suites.groups.fixtures",)


@clause("GRP-01")
def test_join(open_workshop: OpenWorkshop, evidence: Evidence) -> None:
    """When a member joins a group, it gets its share at once, and no record is missed or given twice.

    Two members share six partitions while records are written; each commits every batch before it takes the next. A
    third one joins. Within the bound, which is computed from the live group settings, each partition must have exactly
    one owner, and each of the three must own some. No partition may ever have two owners. Every acknowledged record
    must be given to the members exactly once, and committed progress may not go back.
    """
    with open_workshop("ann", "bob") as work:
        joined_s = work.company.join("cid")
        judgements = work.see_settled(since_s=joined_s, bound=work.settings.changed())
    evidence.judge(*judgements, *work.judge_delivery(evidence))


@clause("GRP-02")
def test_leave(open_workshop: OpenWorkshop, evidence: Evidence) -> None:
    """When a member leaves a group, the others serve its partitions at once, and no record is missed or given twice.

    As GRP-01, but three members share the partitions, and one of them says goodbye.
    """
    with open_workshop("ann", "bob", "cid") as work:
        left_s = work.company.leave("cid")
        judgements = work.see_settled(since_s=left_s, bound=work.settings.changed())
    evidence.judge(*judgements, *work.judge_delivery(evidence))


@clause("GRP-03")
def test_kill_of_a_member(open_workshop: OpenWorkshop, evidence: Evidence) -> None:
    """When a member is killed, the others serve its partitions after its session time-out, and no record is missed.

    As GRP-02, but the member's process is killed (SIGKILL) without a word. Its session time-out is the shortest that
    the brokers allow. Every record must be given to a member; only what the killed one had been given and had not
    committed may be given again.
    """
    with open_workshop("ann", "bob", "cid") as work:
        killed_s = work.company.kill("cid")
        judgements = work.see_settled(since_s=killed_s, bound=work.settings.killed())
    evidence.judge(*judgements, *work.judge_delivery(evidence, crashed=frozenset({"cid"})))


@clause("GRP-04")
def test_offsets_survive_the_coordinator(
    steady: Cluster, admin: Admin, topic: TopicFactory, run: Run, evidence: Evidence
) -> None:
    """When the broker that coordinates a group is killed, another takes over with the same committed offsets.

    A member of a group has read and committed exactly 20, 30 and 40 records of three partitions. The pod of the
    group's coordinator is deleted by force; it must be another pod (UID) afterwards. Within the bound another
    broker must lead the group's offsets, and it must tell the same figures. Then as many records again are
    written: the same member must be given exactly these, each once, and when the broker is back, the group must have
    committed all of them.
    """
    name = topic("grp-kept", partitions=3)
    settings = GroupSettings.of(admin.broker_config(admin.brokers()[0]))
    counts = {0: 20, 1: 30, 2: 40}
    member = {**plain_consumer(steady.bootstrap, group=name), **settings.for_client()}
    writer = StampedWriter(steady.bootstrap, clock=run.clock)
    with Company(name, settings=member, clock=run.clock) as company:
        company.join("ann")
        appended = _write(writer, name, counts)
        _await_commits(company, counts)
        before = admin.committed(name, name)
        ending = CoordinatorEnds(steady, admin, name, run=run, evidence=evidence)
        ending.begin()
        ending.await_another(settings.coordinator_lost())
        after = ending.committed_within(name, settings.coordinator_lost())
        appended += _write(writer, name, counts, label="again")
        await_quietly(lambda: len(company.told.deliveries) >= len(appended), timeout_s=DRAINED_S)
        doubled = {partition: 2 * count for partition, count in counts.items()}
        ending.prove_and_heal()
        at_the_end = ending.committed_in_the_end(name, doubled, timeout_s=DRAINED_S)
        company.require_running()
    told = company.told
    evidence.fact(committed_before=before, committed_after=after, committed_at_the_end=at_the_end)
    evidence.judge(
        checkers.offsets_equal(counts, before, what="the committed offset before the kill"),
        checkers.offsets_equal(counts, after, what="the committed offset after the kill"),
        checkers.offsets_equal(doubled, at_the_end, what="the committed offset at the end"),
        checkers.delivered(appended, told.deliveries, told.commits, attempts=told.attempts, crashed=frozenset()),
        checkers.progress_kept(told.commits, told.deliveries),
    )


@clause("GRP-05")
def test_lag_is_true(steady: Cluster, admin: Admin, topic: TopicFactory, run: Run, evidence: Evidence) -> None:
    """The reported lag of a group is exactly what was written and not yet committed, down to zero.

    10, 20 and 30 records are written to three partitions, and 4, 20 and 0 of them are committed. While nobody
    consumes, 5, 0 and 7 more are written: the lag must be 11, 0 and 37 then. A member consumes everything and leaves:
    the lag must be zero. The figures are compared as any client computes them and as kafka-consumer-groups prints them.
    """
    name, groups = topic("grp-lag", partitions=3), Groups(admin)
    settings = GroupSettings.of(admin.broker_config(admin.brokers()[0]))
    writer = StampedWriter(steady.bootstrap, clock=run.clock)
    written, committed, more = {0: 10, 1: 20, 2: 30}, {0: 4, 1: 20, 2: 0}, {0: 5, 1: 0, 2: 7}
    _write(writer, name, written)
    groups.commit(name, name, committed)
    first = groups.lag(name, name)
    _write(writer, name, more)
    grown = groups.lag(name, name), _printed_lag(steady, name)
    ends = {partition: written[partition] + more[partition] for partition in written}
    member = {**plain_consumer(steady.bootstrap, group=name), **settings.for_client()}
    with Company(name, settings=member, clock=run.clock) as company:
        company.join("ann")
        expect_within(
            lambda: admin.committed(name, name) == ends,
            what="everything consumed and committed",
            budget_s=settings.forming().seconds + DRAINED_S,
            detail=lambda: str(admin.committed(name, name)),
        )
    drained = groups.lag(name, name), _printed_lag(steady, name)
    known = {partition: ends[partition] - committed[partition] for partition in ends}
    evidence.fact(lag_at_first=first, lag_grown=grown[0], lag_grown_printed=grown[1], lag_drained=drained[0])
    zero = dict.fromkeys(ends, 0)
    evidence.judge(
        checkers.offsets_equal({0: 6, 1: 0, 2: 30}, first, what="the lag at first"),
        checkers.offsets_equal(known, grown[0], what="the lag that has grown"),
        checkers.offsets_equal(known, grown[1], what="the printed lag that has grown"),
        checkers.offsets_equal(zero, drained[0], what="the lag after consumption"),
        checkers.offsets_equal(zero, drained[1], what="the printed lag after consumption"),
    )


@clause("GRP-06", level=Level.CERTIFY)
def test_work_goes_on_without_the_coordinator(
    steady: Cluster, admin: Admin, open_workshop: OpenWorkshop, run: Run, evidence: Evidence
) -> None:
    """When the coordinator of a group at work is killed, every record is still given, and no committed one again.

    Three members share six partitions while records are written. The pod of the group's coordinator is deleted by
    force; it must be another pod (UID) afterwards, and another broker must lead the group's offsets within the bound.
    Every acknowledged record must be given to a member; what had been committed may not be given again.
    """
    names = ("ann", "bob", "cid")
    with open_workshop(*names) as work:
        ending = CoordinatorEnds(steady, admin, work.company.topic, run=run, evidence=evidence)
        ending.begin()
        ending.await_another(work.settings.coordinator_lost())
        ending.prove_and_heal()
        work.await_records(100)
    evidence.judge(*work.judge_delivery(evidence, crashed=frozenset(names)))


@clause("GRP-07", level=Level.CERTIFY)
def test_a_static_member_comes_back(open_workshop: OpenWorkshop, evidence: Evidence) -> None:
    """When a member with a name of its own is killed and comes back within its session, nobody else notices.

    Three members with names of their own (`group.instance.id`) share six partitions while records are written. One
    is killed (SIGKILL) and started again at once under its name. It must own exactly the partitions of before; until
    its session time-out and a rebalance would be over, no partition of the others may be revoked, lost or assigned.
    Every acknowledged record must be given to a member; only what the killed one had been given and had not committed
    may be given again.
    """
    with open_workshop("ann", "bob", "cid", membership=Membership.STATIC) as work:
        killed_s = work.company.kill("cid")
        work.company.join("cid")
        judged = work.see_back("cid", since_s=killed_s, within_s=work.settings.session_s)
    evidence.judge(judged, *work.judge_delivery(evidence, crashed=frozenset({"cid"})))


@clause("GRP-09", level=Level.CERTIFY)
def test_a_member_that_takes_too_long(open_workshop: OpenWorkshop, evidence: Evidence) -> None:
    """When a member takes too long for a batch, others serve its partitions, and what it commits late is refused.

    Three members share six partitions while records are written. One is given records and does not ask for more until
    max.poll.interval.ms is long over. Others must be given records of each of its partitions within the bound. Then it
    commits what it had been given: that must be refused, as others own its work. It must have a share again within the
    time of a rebalance. Every acknowledged record must be given to a member; only what the slow one had not committed
    may be given again, and committed progress may not go back.
    """
    with open_workshop("ann", "bob", "cid", settings_of=GroupSettings.impatient) as work:
        judgements = work.see_taken_over("cid")
    evidence.judge(*judgements, *work.judge_delivery(evidence, crashed=frozenset({"cid"})))


@clause("GRP-10", level=Level.CERTIFY)
def test_a_record_that_kills_its_readers(
    steady: Cluster, admin: Admin, topic: TopicFactory, run: Run, evidence: Evidence
) -> None:
    """A record that kills whoever is given it holds its group up just there, and behind it nothing is lost.

    Two members have read and committed 25 records of each of three partitions. Five more are written to each; in one
    partition, a record before them ends the process of whoever is given it. Both members must have met it and ended;
    the group's position must be just there, and its lag exactly what was not committed. Then the position is set behind
    this one record, and two other members join: every record but that one must be given to a member that commits it,
    and what had been committed not again.
    """
    name, groups = topic("grp-poison", partitions=3), Groups(admin)
    settings = GroupSettings.of(admin.broker_config(admin.brokers()[0]))
    member = {**plain_consumer(steady.bootstrap, group=name), **settings.for_client()}
    writer = StampedWriter(steady.bootstrap, clock=run.clock)
    counts, ends = {0: 20, 1: 20, 2: 20}, {0: 31, 1: 30, 2: 30}
    with Company(name, settings=member, clock=run.clock) as company:
        company.join("ann", "bob")
        appended = _write(writer, name, counts)
        _await_commits(company, counts)
        before = _write(writer, name, dict.fromkeys(counts, 5), label="before")
        _await_commits(company, dict.fromkeys(counts, 25))
        (poison,) = writer.write(name, [Entry(value=POISON, partition=0)])
        behind = _write(writer, name, dict.fromkeys(counts, 5), label="behind")
        await_quietly(lambda: not company.dismiss_the_dead(), timeout_s=2 * settings.killed().seconds + DRAINED_S)
        left = company.dismiss_the_dead()
        committed, lag = admin.committed(name, name), groups.lag(name, name)
        victims = {one.member for one in company.told.deliveries if one.value == POISON}
        if not left:
            expect_within(
                lambda: groups.is_empty(name), what="a group without members", budget_s=settings.killed().seconds
            )
            groups.commit(name, name, {0: poison.offset + 1})
            company.join("cid", "dan")
            expect_within(
                lambda: admin.committed(name, name) == ends,
                what="everything behind the record read and committed",
                budget_s=settings.forming().seconds + DRAINED_S,
                detail=lambda: str(admin.committed(name, name)),
            )
    told = company.told
    evidence.fact(poisoned_offset=poison.offset, committed=committed, lag=lag, ended_by_it=sorted(victims))
    assert not left, f"{sorted(victims)} were given the record, and {sorted(left)} never came to it"
    assert committed[0] == poison.offset, f"{committed[0]} is committed, although it is {poison.offset} that kills"
    true_lag = {partition: end - committed[partition] for partition, end in ends.items()}
    evidence.judge(
        checkers.offsets_equal(true_lag, lag, what="the lag while nobody is left"),
        checkers.delivered(
            (*appended, *before, *behind),
            told.deliveries,
            told.commits,
            attempts=told.attempts,
            crashed=frozenset({"ann", "bob"}),
        ),
        checkers.progress_kept(told.commits, told.deliveries),
    )


def _write(writer: StampedWriter, topic: str, counts: Mapping[int, int], *, label: str = "") -> tuple[Appended, ...]:
    """Write this many records to each partition; those of another label have other values."""
    entries = [
        Entry(value=f"{label}{number}", partition=partition)
        for partition, count in counts.items()
        for number in range(count)
    ]
    return tuple(
        Appended(partition=int(record.place.rsplit("-", 1)[1]), offset=record.offset, value=record.value or "")
        for record in writer.write(topic, entries)
    )


def _await_commits(company: Company, counts: Mapping[int, int]) -> None:
    """Wait until the member has committed everything; without that there is nothing to survive."""

    def done() -> bool:
        company.require_running()
        return company.progress() == dict(counts)

    await_quietly(done, timeout_s=30)
    if not done():
        raise Inconclusive(f"the member has not committed {dict(counts)}: {company.told.commits[-3:]}")


def _printed_lag(cluster: Cluster, group: str) -> dict[int, int]:
    """Return the lag by partition as the documented command prints it; the group and its topic share their name."""
    command = ["kafka-consumer-groups", "--describe", "--group", group, "--bootstrap-server", "localhost:9092"]
    done = cluster.run(cluster.brokers[0], command, timeout_s=60)
    if done.returncode != 0:
        raise Inconclusive(f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}")
    table = printed.offsets(done.stdout.splitlines(), group=group, topic=group)
    return {partition: lag for partition, (_, _, lag) in table.items()}
